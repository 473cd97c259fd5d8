// google.rpc.ErrorInfo and google.rpc.BadRequest, read without their descriptors.

import { BinaryReader } from "@bufbuild/protobuf/wire";

const LENGTH_DELIMITED = 2;
const text = (bytes) => new TextDecoder().decode(bytes);

/** The fields of a message that are texts or messages: their number, and their bytes in the order they came. */
function fields(bytes) {
  const reader = new BinaryReader(bytes);
  const found = {};
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === LENGTH_DELIMITED) (found[number] ??= []).push(reader.bytes());
    else reader.skip(type, number);
  }
  return found;
}

/** The reason and the violated fields among `details`, a list of { type, value }. */
export function explained(details) {
  const find = (name) => details.find(({ type }) => type === `google.rpc.${name}`);
  const info = fields(find("ErrorInfo").value);
  if (text(info[2][0]) !== "vestibule") throw new Error(`a domain of somebody else: ${text(info[2][0])}`);
  const violations = fields(find("BadRequest")?.value ?? new Uint8Array())[1] ?? [];
  return { reason: text(info[1][0]), fields: violations.map((violation) => text(fields(violation)[1][0])) };
}

/** The details in `grpc-status-details-bin`, a google.rpc.Status. */
export function statusDetails(bytes) {
  return (fields(bytes)[3] ?? []).map((any) => {
    const { 1: [url], 2: [value] = [new Uint8Array()] } = fields(any);
    return { type: text(url).split("/").pop(), value };
  });
}
