/**
 * The seed of every random test. It is the same in each check, so that a commit passes or fails
 * by what it changes; `make fuzz` tries others, and TEST_SEED=N replays one.
 */
export const SEED = Number(process.env["TEST_SEED"] ?? 1);
