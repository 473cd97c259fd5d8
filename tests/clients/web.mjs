// gRPC-Web with Connect's transport, in node and in browsers. Its descriptors are those that protoc writes.

import { createFileRegistry, fromBinary, fromJson, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { explained } from "./details.mjs";

/** INVALID_ARGUMENT for Code.InvalidArgument. */
const statusName = (code) => Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();

/** Answers a step with { answers, session } or { refusal }, all of it plain data. */
export function asker(url, descriptors) {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const transport = createGrpcWebTransport({ baseUrl: url });
  const json = (method, message) => toJson(method.output, message, { useProtoFieldName: true, alwaysEmitImplicit: true });
  return async (step) => {
    const [path, name] = step.rpc.split("/");
    const method = registry.getService(path).methods.find((method) => method.name === name);
    const message = fromJson(method.input, step.message ?? {});
    const header = new Headers();
    if (step.bearer) header.set("authorization", `Bearer ${step.bearer}`);
    if (step.refresh) header.set("x-refresh-token", step.refresh);
    try {
      if (step.many) {
        const input = (async function* () { yield message; })();
        const { message: stream } = await transport.stream(method, undefined, 30_000, header, input);
        const answers = [];
        for await (const answer of stream) answers.push(json(method, answer));
        return { answers, session: {} };
      }
      const { message: answer, header: metadata } = await transport.unary(method, undefined, 30_000, header, message);
      const session = [...metadata].map(([key, value]) => [key.replace(/^x-/, "").replaceAll("-", "_"), value]);
      return { answers: [json(method, answer)], session: Object.fromEntries(session) };
    } catch (error) {
      if (!(error instanceof ConnectError) || error.details.length === 0) throw error;
      return { refusal: { ...explained(error.details), status: statusName(error.code) } };
    }
  };
}
