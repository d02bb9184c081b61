/** Places that may never be granted, as pure decisions over real paths. A folder that contains such a place is as bad as the place. */
import type { Reason } from "../../protocol/event.ts";

export interface Forbidden {
  reason: Reason;
  message: string;
}

/** Key stores, relative to a home. Kept here in one list; each holds credentials by its purpose. */
export const keyStores = [
  ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".pki", ".local/share/keyrings", ".local/share/kwalletd",
  ".config/gh", ".config/gcloud", ".config/op", ".config/google-chrome", ".config/chromium", ".mozilla", ".thunderbird", ".config/1Password",
  ".config/Bitwarden", ".cargo/credentials.toml", ".claude", ".codex", ".gemini", "Library/Keychains", "Library/Cookies", "Library/Messages", "Library/Mail",
] as const;

const systemFolders = ["/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/proc", "/sys", "/dev", "/run", "/opt/bulkhead", "/System", "/Library", "/private/etc"] as const;
const tooBroad = ["/", "/home", "/Users", "/root", "/var", "/tmp", "/mnt", "/media", "/srv", "/opt", "/private", "/Volumes", "/var/tmp"] as const;
const homes = /^\/(?:home|Users)\/([^/]+)/;

/** True where `inner` is `outer` or lies below it; by whole path components, never by prefix. */
export function within(inner: string, outer: string): boolean {
  return inner === outer || outer === "/" || inner.startsWith(`${outer}/`);
}

export function forbiddenPlace(path: string, places: { home: string; own: readonly string[] }): Forbidden | undefined {
  const { home, own } = places;
  if (own.some((place) => within(path, place))) return { reason: "folder-is-ours", message: "It holds Bulkhead's own data." };
  if (path === home) return { reason: "folder-is-home", message: "It is your whole home. Hand over one folder in it." };
  if (within(home, path) || tooBroad.includes(path as "/")) return { reason: "folder-too-broad", message: "It holds far more than one job needs. Hand over one folder in it." };
  const store = keyStores.find((name) => within(path, `${home}/${name}`) || within(`${home}/${name}`, path));
  if (store) return { reason: "folder-is-key-store", message: `It is, holds, or lies in a place for keys and passwords (${store}).` };
  const other = homes.exec(path);
  if (other && !within(path, home) && `/${path.split("/")[1]}/${other[1]}` !== home) return { reason: "folder-is-other-home", message: "It lies in another person's home." };
  if (path !== home && path.startsWith("/root/") && !within(path, home)) return { reason: "folder-is-other-home", message: "It lies in another person's home." };
  const system = systemFolders.find((place) => within(path, place));
  if (system) return { reason: "folder-too-broad", message: `It belongs to the system (${system}).` };
  const held = own.find((place) => within(place, path));
  if (held) return { reason: "folder-is-ours", message: "Bulkhead's own data lies in it." };
  return undefined;
}
