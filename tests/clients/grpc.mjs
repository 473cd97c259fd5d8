// gRPC with @grpc/grpc-js, from the .proto files.

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

import { explained, statusDetails } from "./details.mjs";
import { Refusal } from "./scenario.mjs";

const files = ["accounts/v1/accounts_v1.proto", "test/v1/test_v1.proto", "tokens/v1/tokens_v1.proto"];
const includeDirs = [new URL("../../proto", import.meta.url).pathname];
const packages = grpc.loadPackageDefinition(loader.loadSync(files, { includeDirs, keepCase: true, longs: Number, defaults: true }));

/** This library has timestamps as they are in protobuf, the scenario as they are in JSON. */
function timestamps(value, convert) {
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === "expires_at" && inner !== null ? convert(inner) : Array.isArray(inner) ? inner : timestamps(inner, convert),
    ]),
  );
}
const toProto = (message) => timestamps(message, (text) => ({ seconds: Date.parse(text) / 1000, nanos: 0 }));
const toJson = (message) => timestamps(message, ({ seconds }) => new Date(seconds * 1000).toISOString().replace(".000", ""));

function refusal(error) {
  const [details] = error.metadata.get("grpc-status-details-bin");
  const { reason, fields } = explained(statusDetails(details));
  return new Refusal(reason, grpc.status[error.code], fields);
}

const session = (metadata) =>
  Object.fromEntries(Object.entries(metadata.getMap()).map(([key, value]) => [key.replace(/^x-/, "").replaceAll("-", "_"), value]));

export const native = (url) => ({
  name: "node",
  async ask(step) {
    const [path, method] = step.rpc.split("/");
    const Service = path.split(".").reduce((inner, name) => inner[name], packages);
    const client = new Service(new URL(url).host, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    if (step.bearer) metadata.set("authorization", `Bearer ${step.bearer}`);
    if (step.refresh) metadata.set("x-refresh-token", step.refresh);
    const options = { deadline: Date.now() + 30_000 };
    try {
      return await new Promise((resolve, reject) => {
        const answers = [];
        let first = new grpc.Metadata();
        const failed = (error) => reject(refusal(error));
        const done = () => resolve({ answers, session: session(first) });
        if (step.many) {
          const call = client[method](toProto(step.message ?? {}), metadata, options);
          call.on("data", (answer) => answers.push(toJson(answer))).on("error", failed).on("end", done);
          return;
        }
        const call = client[method](toProto(step.message ?? {}), metadata, options, (error, answer) => {
          if (error) return failed(error);
          answers.push(toJson(answer));
          done();
        });
        call.on("metadata", (received) => (first = received));
      });
    } finally {
      client.close();
    }
  },
});
