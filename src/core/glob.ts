/** Whether a name matches a glob, in which `*` means any text and `?` one character. */
export function matchesGlob(glob: string, name: string): boolean {
  const [first = "", ...rest] = glob.split("*");
  if (rest.length === 0) return first.length === name.length && isAt(first, name, 0);
  if (!isAt(first, name, 0)) return false;
  const last = rest.pop() ?? "";
  let from = first.length;
  for (const part of rest) {
    const found = find(part, name, from);
    if (found === null) return false;
    from = found + part.length;
  }
  return name.length - last.length >= from && isAt(last, name, name.length - last.length);
}

/** The first match of a part is enough, so there is no backtracking. */
function find(part: string, name: string, from: number): number | null {
  for (let at = from; at + part.length <= name.length; at++) if (isAt(part, name, at)) return at;
  return null;
}

function isAt(part: string, name: string, at: number): boolean {
  if (at < 0 || at + part.length > name.length) return false;
  for (let index = 0; index < part.length; index++)
    if (part[index] !== "?" && part[index] !== name[at + index]) return false;
  return true;
}
