import { type Network, networkTo, type NetworkTerms } from "./network.ts";
import type { EtcdStore } from "./store.ts";

/** The networks of all processes: each process asks etcd at an address of its own. */
export class Processes implements Network {
  readonly #store: EtcdStore;
  readonly #terms: NetworkTerms;
  readonly #networks = new Map<string, Network>();
  #requests = 0;

  constructor(store: EtcdStore, terms: NetworkTerms) {
    this.#store = store;
    this.#terms = terms;
  }

  readonly requests = (): number => this.#requests;

  /** The address of etcd for a new process. */
  endpointOf(death: AbortSignal): string {
    const host = `etcd-${this.#networks.size}.example`;
    this.#networks.set(host, networkTo(this.#store, this.#terms, death));
    return `http://${host}`;
  }

  readonly send: Network["send"] = async (request, terms) => {
    this.#requests++;
    return await this.#networkFor(request).send(request, terms);
  };

  readonly sendForLines: Network["sendForLines"] = async (request, terms, onLine) => {
    this.#requests++;
    return await this.#networkFor(request).sendForLines(request, terms, onLine);
  };

  #networkFor({ url }: { readonly url: string }): Network {
    const network = this.#networks.get(new URL(url).hostname);
    if (network === undefined) throw new Error(`no process asks ${url}`);
    return network;
  }
}
