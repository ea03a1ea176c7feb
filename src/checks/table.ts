import type { CheckConfig } from "../core/config.ts";
import type { Check } from "./check.ts";
import { commandCheck } from "./command.ts";
import { httpCheck } from "./http.ts";
import { tcpCheck } from "./tcp.ts";
import { unitCheck } from "./unit.ts";

/** The check that a configuration asks for. */
export function checkFor(config: CheckConfig): Check {
  switch (config.kind) {
    case "unit":
      return unitCheck(config.unit);
    case "command":
      return commandCheck(config.command);
    case "http":
      return httpCheck(config);
    case "tcp":
      return tcpCheck(config.host, config.port);
  }
}
