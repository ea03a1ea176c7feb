import { nearest } from "../../core/nearest.ts";
import { Refusal } from "../../core/refusal.ts";
import type { FleetHostJson, FleetJson, RolloutJson } from "../../json/fleet.ts";
import { ago } from "../../view/fleet/ago.ts";
import { allHosts, countsOf, isMoving, shortName, standingOf } from "../../view/fleet/counts.ts";

/** What an operator asks for. */
export type Order =
  | { readonly act: "halt"; readonly why: string | undefined }
  | { readonly act: "resume" }
  | { readonly act: "forget"; readonly host: string };

/**
 * What to ask before an order, with its consequence.
 *
 * @throws Refusal if there is nothing to do
 */
export function questionFor(order: Order, fleet: FleetJson, now: Date): string {
  const { group, rollout, unknown } = fleet;
  // What cannot be shown can be halted all the same.
  if (unknown !== null) return unseen(order, fleet, unknown);
  if (rollout === null) throw new Refusal(`there is no rollout of group ${group}`);
  const name = `rollout ${shortName(rollout)} of group ${group}`;
  switch (order.act) {
    case "halt":
      return halting(fleet, rollout, name, now);
    case "resume":
      return resuming(rollout, name);
    case "forget":
      return forgetting(hostNamed(order.host, fleet), group);
  }
}

function unseen(order: Order, { group }: FleetJson, why: string): string {
  const about = order.act === "forget" ? `${order.host} of` : "the rollout of";
  return `The rollout cannot be shown: ${why}. ${order.act} ${about} group ${group} all the same?`;
}

function halting(fleet: FleetJson, { halt }: RolloutJson, name: string, now: Date): string {
  if (halt !== null) {
    throw new Refusal(`${name} was halted ${ago(halt.at, now)} by ${halt.by}: ${halt.why}`);
  }
  const hosts = allHosts(fleet);
  const live = `${countsOf(hosts).live} of ${hosts.length} hosts are live`;
  return `Halt the ${name}? ${live}. Hosts that have not begun to act wait until: deploy-finalize fleet resume.`;
}

/** A host may be held by failures that halt no other one: its limit is lower. */
function resuming({ halt, failures }: RolloutJson, name: string): string {
  const counted = failures.filter(({ isForgiven }) => !isForgiven);
  if (halt === null && counted.length === 0) throw new Refusal(`${name} is not halted`);
  const forgives =
    counted.length === 0
      ? ""
      : `It forgives the failure of ${someOf(counted.map(({ host }) => host))}. `;
  const without =
    halt?.kind === "missing" ? "It goes on without the hosts that did not join. " : "";
  return `Resume the ${name}? ${forgives}${without}Then the hosts that wait act.`;
}

function forgetting(host: FleetHostJson, group: string): string {
  const now = isMoving(host) ? `It is ${standingOf(host)} now. ` : "";
  return `Forget ${host.host} of group ${group}? ${now}Then no host waits for it, until it takes part again.`;
}

/** More do not help somebody who mistyped a name. */
const MOST_NAMED = 20;

function hostNamed(wanted: string, fleet: FleetJson): FleetHostJson {
  const hosts = allHosts(fleet);
  const found = hosts.find(({ id, host }) => id === wanted || host === wanted);
  if (found !== undefined) return found;
  const names = hosts.map(({ host }) => host);
  const known = names.length === 0 ? "none" : someOf(names);
  const meant = nearest(wanted, names);
  const hint = meant === null ? "" : `. Did you mean ${meant}?`;
  throw new Refusal(`no host ${wanted} in group ${fleet.group}; known: ${known}${hint}`);
}

function someOf(hosts: readonly string[]): string {
  const names = [...new Set(hosts)];
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return `${names.slice(0, MOST_NAMED).join(", ")}${more}`;
}
