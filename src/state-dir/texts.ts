import { isGateName } from "../core/gate-names.ts";
import type { ToActNow } from "../core/machine/types.ts";
import { NotAFile, readIfThere } from "../host/files/durable.ts";

/** The wish to act now in a request: who asks, and then the gates to pass, one a line. */
export function toActNow(text: string | null): ToActNow | null {
  if (text === null) return null;
  const [by = "", ...past] = text.split("\n");
  return { by, past: past.filter(isGateName) };
}

/** A FIFO, a device or a folder in the place of a record is no record. */
export function readUnlessOdd(
  path: string,
):
  | { readonly kind: "text"; readonly text: string | null }
  | { readonly kind: "odd"; readonly why: string } {
  try {
    return { kind: "text", text: readIfThere(path) };
  } catch (error) {
    if (error instanceof NotAFile) return { kind: "odd", why: error.message };
    throw error;
  }
}
