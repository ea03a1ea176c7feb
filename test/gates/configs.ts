import * as v from "valibot";
import {
  type AlertGateConfig,
  alertGateSchema,
  type CommandGateConfig,
  commandGateSchema,
} from "../../src/core/config/wait-for/gates.ts";

/** An entry of `waitFor.commands` with its defaults. */
export function commandConfig(given: Partial<CommandGateConfig>): CommandGateConfig {
  return v.parse(commandGateSchema, { name: "my-command", command: ["true"], ...given });
}

/** `waitFor.alerts` with its defaults. */
export function alertGate(given: Partial<AlertGateConfig> & { url: string }): AlertGateConfig {
  return v.parse(alertGateSchema, given);
}
