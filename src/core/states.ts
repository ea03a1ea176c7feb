/** Every state of a finalization with the states that may follow it; a terminal state has none. */
export const TRANSITIONS = {
  scheduled: ["waiting", "verifying", "failed", "superseded", "cancelled"],
  waiting: ["switching", "rebooting", "verifying", "failed", "superseded", "cancelled"],
  switching: ["waiting", "rebooting", "verifying", "rolling-back", "failed"],
  rebooting: ["waiting", "verifying", "failed"],
  verifying: ["live", "rolling-back", "failed"],
  "rolling-back": ["rolled-back", "failed"],
  live: [],
  "rolled-back": [],
  failed: [],
  superseded: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type State = keyof typeof TRANSITIONS;

export type TerminalState = {
  [S in State]: (typeof TRANSITIONS)[S] extends readonly [] ? S : never;
}[State];

export type UnfinishedState = Exclude<State, TerminalState>;

export const STATES = Object.keys(TRANSITIONS).filter(isState);

function isState(name: string): name is State {
  return Object.hasOwn(TRANSITIONS, name);
}

export function isTerminal(state: State): state is TerminalState {
  return TRANSITIONS[state].length === 0;
}

/** Whether it has neither ended nor started to act. */
export function isCancellable(state: State): boolean {
  return !isTerminal(state) && !hasBegunToAct(state);
}

/** Whether the finalization has started to change the running system. */
export function hasBegunToAct(state: State): boolean {
  return state !== "scheduled" && state !== "waiting";
}
