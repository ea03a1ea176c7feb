import type { Host } from "../test-host/host.ts";
import { STATE_DIR } from "./deploying.ts";

const HOLD = "/run/hold-switch";

/** A unit of a target whose start goes on, and with it the switch to that target, while the switch is held. */
export const HELD_SWITCH: Readonly<Record<string, string>> = {
  "held.service": `[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'while test -e ${HOLD}; do sleep 0.1; done'
[Install]
WantedBy=multi-user.target
`,
};

/** From now on a switch to a target with that unit is held, until `letGo` or the end of this boot. */
export async function holdSwitch(host: Host): Promise<void> {
  await host.write(HOLD, "");
}

export async function letGo(host: Host): Promise<void> {
  await host.ok(["rm", HOLD]);
}

/** Ends the delay of a finalization now: its unit is started as its timer would start it. */
export async function comesDue(host: Host, id: string): Promise<void> {
  const record = `${STATE_DIR}/${id}.json`;
  await host.shell(
    `sed 's/"fireAt": ".*"/"fireAt": "2020-01-01T00:00:00.000Z"/' ${record} > ${record}.due
     mv ${record}.due ${record}
     systemctl start --no-block deploy-finalize-${id}.service`,
  );
}
