import { subscribe, unsubscribe } from "node:diagnostics_channel";

const CHANNEL = "http.client.request.start";

/** Counts the requests of this process over HTTP. */
export class Requests implements Disposable {
  #count = 0;
  readonly #note = (): void => void this.#count++;

  constructor() {
    subscribe(CHANNEL, this.#note);
  }

  readonly count = (): number => this.#count;

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#note);
  }
}
