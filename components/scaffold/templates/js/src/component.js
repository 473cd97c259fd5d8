// The component: imports, exports, delegation.
import { get as message } from "vestibule:capability/caller@1.0.0";
import { get as setting } from "vestibule:capability/config@1.0.0";
import { get, put } from "vestibule:capability/storage@1.0.0";
import { Service } from "./service.js";

const ports = {
  storage: {
    get: (key) => {
      const value = get(key);
      return value === undefined ? undefined : new TextDecoder().decode(value);
    },
    put: (key, text, subject) => put(key, new TextEncoder().encode(text), { expiresAt: undefined, subject }),
  },
  config: { get: setting },
  caller: { subject: () => message().principal?.subject },
};

/** The channel's interface `commands`. What is thrown with a `payload` is a refusal, all else a fault. */
export const commands = {
  keepNote: (request) => new Service(ports).keepNote(request),
  readNote: () => new Service(ports).readNote(),
};
