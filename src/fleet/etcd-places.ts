import type { Places } from "../core/advice.ts";
import type { EtcdLockConfig } from "../core/config/lock-config.ts";

/** Where to look if etcd does not do what it is asked. @param below the keys that are read and written */
export function placesOfEtcd(
  { endpoints, username, passwordFile }: EtcdLockConfig,
  below: string,
): Places {
  return {
    address: `lock.endpoints (${endpoints.join(", ")})`,
    key:
      username === null
        ? { kind: "missing", setting: "lock.username and lock.passwordFile" }
        : { kind: "known", words: `The user ${username} with the password in ${passwordFile}` },
    right: `read and write below ${below}`,
    target: "the version of etcd (3.4 or newer)",
    caFile: "lock.caFile",
  };
}
