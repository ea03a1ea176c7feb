/** Every state of a finalization and the states that may follow it; an empty list makes a state terminal. */
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

/** The states in which a finalization has ended. */
export type TerminalState = {
  [S in State]: (typeof TRANSITIONS)[S] extends readonly [] ? S : never;
}[State];

/** The states that another one follows. */
export type UnfinishedState = Exclude<State, TerminalState>;

export const STATES = Object.keys(TRANSITIONS).filter(isState);

function isState(name: string): name is State {
  return Object.hasOwn(TRANSITIONS, name);
}

export function isTerminal(state: State): state is TerminalState {
  return TRANSITIONS[state].length === 0;
}

/** True while it can be dropped: it has neither ended nor begun to act. */
export function isCancellable(state: State): boolean {
  return !isTerminal(state) && !hasBegunToAct(state);
}

/** True once the finalization has begun to change the running system. */
export function hasBegunToAct(state: State): boolean {
  return state !== "scheduled" && state !== "waiting";
}
