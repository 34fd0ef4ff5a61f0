import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'

/** Where to shake hands. */
export type Target = { readonly host: string; readonly port: number; readonly ca?: string }

export type Offer = {
  readonly min: tls.SecureVersion
  readonly max: tls.SecureVersion
  /** OpenSSL names; the default list when left out. */
  readonly suites?: readonly string[]
}

export type Handshake =
  | { readonly kind: 'done'; readonly protocol: string; readonly suite: string }
  /** The server said no. `cleanly` by the alert or reset that certification expects. */
  | { readonly kind: 'refused'; readonly cleanly: boolean; readonly how: string }
  /** Nothing was learnt: no answer, or this machine cannot make the offer. */
  | { readonly kind: 'unknown'; readonly why: string }

const patience = 10_000

/** Security level 0 lets this side offer what nobody should accept. */
const anySecurity = '@SECLEVEL=0'

/** One handshake with exactly this offer. Whether the certificate is trusted is another question. */
export function handshake(target: Target, offer: Offer): Promise<Handshake> {
  return connect(target, {
    minVersion: offer.min,
    maxVersion: offer.max,
    rejectUnauthorized: false,
    ciphers: [offer.suites?.join(':') ?? 'DEFAULT', anySecurity].join(':'),
  })
}

/** A handshake as any client makes it: the certificate must be trusted and for this host. */
export async function trusted(target: Target): Promise<string | undefined> {
  const result = await connect(target, {
    ...(target.ca === undefined ? {} : { ca: [...tls.rootCertificates, target.ca] }),
  })
  if (result.kind === 'done') return undefined
  return result.kind === 'refused' ? result.how : result.why
}

function connect(target: Target, options: tls.ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    let socket: tls.TLSSocket
    try {
      socket = tls.connect({ ...address(target), ...options })
    } catch (error) {
      // This machine's OpenSSL was built without what should be offered.
      resolve({ kind: 'unknown', why: codeOf(error) })
      return
    }
    const end = (result: Handshake) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(patience, () => end({ kind: 'unknown', why: 'no answer came in time' }))
    socket.on('error', (error) => end(refusal(error)))
    socket.on('secureConnect', () =>
      end({
        kind: 'done',
        protocol: socket.getProtocol() ?? 'unknown',
        suite: socket.getCipher().name,
      }),
    )
  })
}

const address = ({ host, port }: Target): tls.ConnectionOptions => ({
  host: host.replace(/^\[|\]$/g, ''),
  port,
  // Names only: RFC 6066 3 has no addresses in SNI.
  ...(net.isIP(host.replace(/^\[|\]$/g, '')) === 0 ? { servername: host } : {}),
})

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

/** A refusal is an alert or a reset; anything else says nothing about the offer. */
function refusal(error: Error): Handshake {
  const code = codeOf(error)
  if (/ALERT_(HANDSHAKE_FAILURE|PROTOCOL_VERSION)/.test(code) || code === 'ECONNRESET') {
    return { kind: 'refused', cleanly: true, how: code }
  }
  if (/_ALERT_|UNSUPPORTED_PROTOCOL/.test(code))
    return { kind: 'refused', cleanly: false, how: code }
  return { kind: 'unknown', why: code }
}

/** Which of these suites a server accepts under TLS 1.2: offered together, then without the chosen. */
export async function acceptedSuites(
  target: Target,
  suites: readonly string[],
): Promise<readonly string[]> {
  const accepted: string[] = []
  for (;;) {
    const left = suites.filter((suite) => !accepted.includes(suite))
    if (left.length === 0) return accepted
    const result = await handshake(target, { min: 'TLSv1.2', max: 'TLSv1.2', suites: left })
    if (result.kind !== 'done' || !left.includes(result.suite)) return accepted
    accepted.push(result.suite)
  }
}

const handshakeRecord = 22
const certificateRequestMessage = 13

/**
 * Whether a server asks for a client certificate. TLS 1.2 sends the question in the clear, and Node
 * keeps it to itself, so the bytes are watched on their way. `undefined` when TLS 1.2 is refused.
 */
export function asksForCertificate(target: Target): Promise<boolean | undefined> {
  const { host, port, servername } = address(target)
  return new Promise((resolve) => {
    const raw = net.connect({ host: host ?? '', port: port ?? 443 })
    const received: Buffer[] = []
    const watched = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => void raw.write(chunk, done),
      final: (done) => void raw.end(done),
    })
    raw.on('data', (chunk: Buffer) => {
      received.push(chunk)
      watched.push(chunk)
    })
    raw.on('end', () => watched.push(null))
    const socket = tls.connect({
      socket: watched,
      ...(servername === undefined ? {} : { servername }),
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    })
    const end = (answer: boolean | undefined) => {
      socket.destroy()
      raw.destroy()
      resolve(answer)
    }
    const asked = () =>
      handshakeMessages(Buffer.concat(received)).includes(certificateRequestMessage)
    // A server that insists on a certificate has asked before it gives up.
    const failed = () => end(asked() ? true : undefined)
    raw.setTimeout(patience, failed)
    raw.on('error', failed)
    socket.on('error', failed)
    socket.on('secureConnect', () => end(asked()))
  })
}

/** The types of the handshake messages before encryption begins (RFC 5246 6.2.1 and 7.4). */
export function handshakeMessages(bytes: Buffer): readonly number[] {
  const fragments: Buffer[] = []
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 3)
    if (bytes[at] !== handshakeRecord) break
    fragments.push(bytes.subarray(at + 5, at + 5 + length))
    at += 5 + length
  }
  const messages = Buffer.concat(fragments)
  const types: number[] = []
  for (let at = 0; at + 4 <= messages.length; at += 4 + messages.readUIntBE(at + 1, 3)) {
    types.push(messages[at] ?? 0)
  }
  return types
}
