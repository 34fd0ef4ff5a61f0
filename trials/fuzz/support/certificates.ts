import { createCa, createSelfSigned, clientAuth } from '../../../test/support/certificates.ts'
import type { TestCertificate } from '../../../test/support/certificates.ts'

let made: Promise<readonly TestCertificate[]> | undefined

/** Certificates of several kinds, made once a process. */
export function certificateSamples(): Promise<readonly TestCertificate[]> {
  made ??= make()
  return made
}

async function make(): Promise<readonly TestCertificate[]> {
  const ca = await createCa()
  const names = {
    dns: ['tpp.example', '*.tpp.example'],
    uri: ['https://tpp.example/Id'],
    ip: ['192.0.2.7', '2001:db8::1'],
    email: ['Ops@tpp.example'],
  }
  return [
    await ca.issue({ subject: 'CN=tpp, OU=unit, O=Bank, C=GB', ...names, extendedKeyUsage: [clientAuth] }),
    await ca.issue({ subject: 'CN=Crédit & Söhne, O=Bank' }),
    await createSelfSigned({ subject: 'CN=ed', key: 'Ed25519', notAfter: new Date(Date.UTC(2061, 0, 1)) }),
    await createSelfSigned({ subject: 'CN=rsa', key: 'RSA', dns: ['rsa.example'] }),
    ca,
  ] // prettier-ignore
}
