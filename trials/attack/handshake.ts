import { connect } from 'node:tls'
import type { SecureVersion } from 'node:tls'

/** What was agreed on in a TLS handshake; undefined: there was none. */
export type Handshake = { readonly protocol: string; readonly cipher: string } | undefined

export type HandshakeOffer = {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
  /** In the words of OpenSSL; absent: what is usual. */
  readonly ciphers?: string
}

const patience = 10_000

/** Offers a server these versions and suites and nothing else. Certificates are not looked at. */
export function shakeHands(origin: string, offer: HandshakeOffer): Promise<Handshake> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    try {
      // Old versions and suites must be allowed here first, so that a refusal is the server's.
      const { ciphers = 'DEFAULT', ...versions } = offer
      const socket = connect({
        host: hostname,
        port: port === '' ? 443 : Number(port),
        servername: hostname,
        rejectUnauthorized: false,
        ciphers: `${ciphers}:@SECLEVEL=0`,
        ...versions,
      })
      const end = (result: Handshake) => {
        socket.destroy()
        resolve(result)
      }
      socket.setTimeout(patience, () => end(undefined))
      socket.once('error', () => end(undefined))
      socket.once('secureConnect', () =>
        end({ protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name }),
      )
    } catch {
      resolve(undefined)
    }
  })
}
