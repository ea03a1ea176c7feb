import assert from "node:assert/strict";
import { hostAvailable } from "../test-host/available.ts";
import { test } from "node:test";
import { inWords, race } from "./racing.ts";

const available = hostAvailable();
const skip = available.available ? false : available.reason;

test(
  "two pushes in quick succession: no job is killed, and the newest deploy is live",
  { skip },
  async () => {
    const offsets = [0, 0.2, 0.45];
    const races = await race("drained", {
      pairs: offsets.length,
      offset: () => offsets.shift() ?? 0,
    });
    console.log(inWords("drained", races));
    assert.deepEqual(
      races.map(({ killed, end }) => [killed, end]),
      races.map(() => [0, "newest-live"]),
    );
  },
);
