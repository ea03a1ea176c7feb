/** The little of protobuf's encoding that the messages of an agent need: protobuf.dev/programming-guides/encoding. */

const VARINT = 0;
const BYTES = 2;

export function field(number: number, value: string | number | Buffer): Buffer {
  if (typeof value === "number") {
    return Buffer.concat([varint((number << 3) | VARINT), varint(value)]);
  }
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | BYTES), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}

/** A text or a message; empty if it is not there. */
export function bytesIn(message: Buffer, number: number): Buffer {
  const found = fieldsOf(message).find((one) => one.number === number);
  return found !== undefined && typeof found.value !== "number" ? found.value : Buffer.alloc(0);
}

/** A number or a truth value; 0 if it is not there. */
export function numberIn(message: Buffer, number: number): number {
  const found = fieldsOf(message).find((one) => one.number === number);
  return typeof found?.value === "number" ? found.value : 0;
}

interface Field {
  readonly number: number;
  readonly value: number | Buffer;
}

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = message[at++] ?? 0;
      value += (byte % 0x80) * unit;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = next();
    const isBytes = key % 8 === BYTES;
    const value = next();
    fields.push({ number: key >> 3, value: isBytes ? message.subarray(at, at + value) : value });
    if (isBytes) at += value;
  }
  return fields;
}
