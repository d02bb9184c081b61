/** Where the person's session listens on this machine: what is there now, as paths, or @NAME for a socket without a path. */
import { existsSync } from "node:fs";

export interface SessionSockets { keychain: readonly string[]; session: readonly string[] }

export function findSockets(environment: NodeJS.ProcessEnv): SessionSockets {
  const runtime = environment["XDG_RUNTIME_DIR"];
  const under = (...names: string[]): string[] => (runtime ? names.map((name) => `${runtime}/${name}`) : []);
  const there = (paths: string[]): string[] => [...new Set(paths)].filter((path) => path.startsWith("@") || existsSync(path));
  return {
    keychain: there([...busSocket(environment["DBUS_SESSION_BUS_ADDRESS"]), ...under("bus", "keyring/control")]),
    session: there([environment["SSH_AUTH_SOCK"] ?? "/nonexistent", "/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/tmp/.X11-unix/X0", ...under("wayland-0", "gnupg/S.gpg-agent")]),
  };
}

/** From the address that D-Bus names. */
function busSocket(address: string | undefined): string[] {
  const [, kind, place] = /^unix:(path|abstract)=([^,;]+)/.exec(address ?? "") ?? [];
  return place === undefined ? [] : [kind === "abstract" ? `@${place}` : place];
}
