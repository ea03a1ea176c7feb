import * as v from "valibot";

// What all requests to the JSON gateway of etcd have in common: notes/etcd-gateway.md.

export function encode(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

export function decode(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

/** Every answer of etcd has it, so that an empty object of somebody else is no empty group. */
export const header = v.looseObject({ cluster_id: v.string() });

export const keyValue = v.object({
  key: v.string(),
  value: v.optional(v.string(), ""),
  mod_revision: v.optional(v.string(), "0"),
});
