import { generate } from 'selfsigned';

export interface Certificate {
  key: string;
  cert: string;
}

const DAY_MS = 86_400_000;

interface CertificateOptions {
  /** `localhost` by default. */
  name?: string;
  /** The authority that issues the certificate. Without it the certificate is self-signed. */
  issuer?: Certificate;
  authority?: boolean;
  expired?: boolean;
}

/** Makes a certificate with a new key. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const name = options.name ?? 'localhost';
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 30 * DAY_MS),
    notAfterDate: new Date(options.expired ? now - DAY_MS : now + 30 * DAY_MS),
    extensions: options.authority
      ? [
          { name: 'basicConstraints', cA: true, critical: true },
          { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
        ]
      : [
          { name: 'basicConstraints', cA: false },
          { name: 'keyUsage', digitalSignature: true },
          { name: 'extKeyUsage', serverAuth: true },
          { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
        ],
    ...(options.issuer === undefined ? {} : { ca: options.issuer }),
  });
  return { key: made.private, cert: made.cert };
}

/**
 * A root, an intermediate authority that the root issued, and a server's certificate that the authority
 * issued.
 */
export interface CertificateChain {
  root: Certificate;
  intermediate: Certificate;
  leaf: Certificate;
  /** The certificate with its intermediate, as a correctly configured server sends it. */
  full: Certificate;
}

export async function makeChain(name = 'localhost'): Promise<CertificateChain> {
  const root = await makeCertificate({ name: 'Test Root', authority: true });
  const intermediate = await makeCertificate({ name: 'Test Intermediate', authority: true, issuer: root });
  const leaf = await makeCertificate({ name, issuer: intermediate });
  return { root, intermediate, leaf, full: { key: leaf.key, cert: `${leaf.cert}\n${intermediate.cert}` } };
}
