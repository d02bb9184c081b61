/**
 * One conversation's own certificate authority. Its key lives in memory only and dies with the conversation; only that sandbox trusts it,
 * and it signs for hosts with a secret only.
 */
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";

export interface Authority {
  /** PEM. */
  certificate: string;
  /** The server side of an opened tunnel to `host`. */
  contextFor(host: string): Promise<SecureContext>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 86_400_000;
const serial = (): string => `01${randomBytes(15).toString("hex")}`;

/** The certificate library's dependency injection asks for these three at load; nothing else here uses them. */
function provideMetadata(): void {
  if ("getMetadata" in Reflect) return;
  const store = new WeakMap<object, Map<unknown, unknown>>();
  const get = (key: unknown, target: object): unknown => store.get(target)?.get(key);
  Object.assign(Reflect, {
    getMetadata: get,
    getOwnMetadata: get,
    defineMetadata(key: unknown, value: unknown, target: object) {
      store.set(target, (store.get(target) ?? new Map<unknown, unknown>()).set(key, value));
    },
  });
}

export async function createAuthority(now: Date): Promise<Authority> {
  provideMetadata();
  const x509 = await import("@peculiar/x509");
  const subtle = globalThis.crypto.subtle;
  const period = { notBefore: new Date(now.getTime() - day), notAfter: new Date(now.getTime() + 365 * day) };
  const keys = await subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(), name: `CN=Bulkhead conversation ${randomBytes(4).toString("hex")}`, ...period, signingAlgorithm: algorithm, keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const leafKeys = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pkcs8 = Buffer.from(await subtle.exportKey("pkcs8", leafKeys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  const issue = async (host: string): Promise<SecureContext> => {
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serial(), subject: "CN=Bulkhead", issuer: root.subject, ...period, signingAlgorithm: algorithm, publicKey: leafKeys.publicKey, signingKey: keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: isIP(host) > 0 ? "ip" : "dns", value: host }]),
        await x509.AuthorityKeyIdentifierExtension.create(root),
      ],
    });
    return createSecureContext({ cert: leaf.toString("pem"), key, minVersion: "TLSv1.2" });
  };
  const issued = new Map<string, Promise<SecureContext>>();
  return {
    certificate: `${root.toString("pem")}\n`,
    contextFor(host) {
      const there = issued.get(host) ?? issue(host);
      issued.set(host, there);
      return there;
    },
  };
}
