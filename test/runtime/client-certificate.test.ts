// @vitest-environment node
import { X509Certificate } from 'node:crypto'
import * as https from 'node:https'
import type { AgentOptions } from 'node:https'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noCertificate } from '../../demo/client-certificate.ts'
import { openFront } from '../../demo/front.ts'
import type { Front } from '../../demo/front.ts'
import { issue } from './support/certificates.ts'
import type { Issued } from './support/certificates.ts'
import { freePorts } from './support/running.ts'
import { cfOf, startInnerServer } from './support/upstream.ts'
import type { InnerServer, Received } from './support/upstream.ts'

let inner: InnerServer
let server: Issued
let authority: Issued
let intermediate: Issued
let asking: Front
let plain: Front
let port: number

beforeAll(async () => {
  inner = await startInnerServer()
  port = await freePorts()
  server = await issue({ subject: 'CN=server' })
  authority = await issue({ subject: 'C=GB, O=Banks\\, Ltd, CN=Root', authority: true })
  intermediate = await issue({ subject: 'CN=Intermediate', issuer: authority, authority: true })
  const { upstream } = inner
  const own = { key: server.key, certificate: server.certificate }
  const tls = { ...own, clientAuthorities: [authority.certificate] }
  asking = await openFront({ name: 'mtls-port', port, upstream, tls })
  plain = await openFront({ name: 'port', port: port + 1, upstream, tls: own })
})
afterAll(async () => {
  await Promise.all([asking.close(), plain.close(), inner.close()])
})

/** What the Worker would read in `request.cf` for a client with this certificate. */
async function present(client: AgentOptions, at = port): Promise<Record<string, unknown>> {
  const agent = new https.Agent({ ...client, rejectUnauthorized: false })
  const body = await new Promise<string>((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port: at, path: '/', agent }, (response) => {
        let text = ''
        response.on('data', (part: Buffer) => (text += part.toString('utf8')))
        response.on('end', () => resolve(text))
      })
      .on('error', reject)
  })
  agent.destroy()
  return cfOf(JSON.parse(body) as Received)
}

async function presentCertificate(client: Issued, chain = ''): Promise<Record<string, unknown>> {
  const cf = await present({ cert: client.certificate + chain, key: client.key })
  return cf['tlsClientAuth'] as Record<string, unknown>
}

describe('request.cf.tlsClientAuth', () => {
  it('is the platform’s placeholder when the client presents nothing', async () => {
    expect(await present({})).toMatchObject({ tlsClientAuth: noCertificate, tlsVersion: 'TLSv1.3' })
  })

  it('describes a certificate of an accepted authority in full', async () => {
    const client = await issue({
      subject: 'C=GB, O=Ängström\\, Ltd, CN=tpp.example',
      issuer: authority,
      usage: 'client',
    })
    const reference = new X509Certificate(client.certificate)
    const hex = (text: string): string => text.replaceAll(':', '').toLowerCase()
    expect(await presentCertificate(client)).toEqual({
      certPresented: '1',
      certVerified: 'SUCCESS',
      certRevoked: '0',
      certIssuerDN: 'CN=Root, O=Banks\\, Ltd, C=GB',
      certIssuerDNRFC2253: 'CN=Root,O=Banks\\, Ltd,C=GB',
      certIssuerDNLegacy: '/C=GB/O=Banks, Ltd/CN=Root',
      certSubjectDN: 'CN=tpp.example, O=\\C3\\84ngstr\\C3\\B6m\\, Ltd, C=GB',
      certSubjectDNRFC2253: 'CN=tpp.example,O=\\C3\\84ngstr\\C3\\B6m\\, Ltd,C=GB',
      certSubjectDNLegacy: '/C=GB/O=\\xC3\\x84ngstr\\xC3\\xB6m, Ltd/CN=tpp.example',
      certSerial: reference.serialNumber,
      certIssuerSerial: new X509Certificate(authority.certificate).serialNumber,
      certSKI: expect.stringMatching(/^[0-9A-F]{40}$/) as string,
      certIssuerSKI: expect.stringMatching(/^[0-9A-F]{40}$/) as string,
      certFingerprintSHA1: hex(reference.fingerprint),
      certFingerprintSHA256: hex(reference.fingerprint256),
      certNotBefore: reference.validFrom,
      certNotAfter: reference.validTo,
      certRFC9440: `:${reference.raw.toString('base64')}:`,
      certRFC9440TooLarge: false,
      certChainRFC9440: '',
      certChainRFC9440TooLarge: false,
    })
  })

  it.each([
    ['self-signed', {}, 'FAILED:self signed certificate'],
    ['expired', { until: new Date(Date.now() - 1000), known: true }, 'FAILED:certificate has expired'],
    ['not yet valid', { from: new Date(Date.now() + 3_600_000), known: true }, 'FAILED:certificate is not yet valid'],
    ['made for servers', { usage: 'server', known: true }, 'FAILED'],
    ['of an unknown authority', { stranger: true }, 'FAILED:unable to verify the first certificate'],
  ] as const)('says of a certificate that is %s: %s', async (_what, how, verdict) => {
    const stranger = await issue({ subject: 'CN=Stranger', authority: true })
    const signer = 'known' in how ? { issuer: authority } : 'stranger' in how ? { issuer: stranger } : {}
    const client = await issue({ subject: 'CN=tpp', ...signer, ...how })
    const seen = await presentCertificate(client)
    expect(seen).toMatchObject({ certPresented: '1', certVerified: verdict })
    expect(seen['certRFC9440']).not.toBe('')
  }) // prettier-ignore

  it('is verified through the intermediates that the client sent', async () => {
    const client = await issue({ subject: 'CN=tpp', issuer: intermediate, usage: 'client' })
    const seen = await presentCertificate(client, intermediate.certificate + authority.certificate)
    expect(seen).toMatchObject({ certVerified: 'SUCCESS' })
    expect(await presentCertificate(client)).toMatchObject({
      certVerified: 'FAILED:unable to verify the first certificate',
    })
  })

  it('leaves out a certificate above 10 KB and says so', async () => {
    const client = await issue({ subject: 'CN=tpp', issuer: authority, padding: 11_000 })
    const seen = await presentCertificate(client)
    expect(seen).toMatchObject({ certPresented: '1', certRFC9440: '', certRFC9440TooLarge: true })
  })

  it('stays the same for every request of a connection and for a resumed one', async () => {
    const client = await issue({ subject: 'CN=tpp', issuer: authority, usage: 'client' })
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const limits = { minVersion: version, maxVersion: version }
      const first = await talk({ ...limits, cert: client.certificate, key: client.key })
      const second = await talk({ ...limits, session: first.session })
      expect(first.seen).toMatchObject({ certPresented: '1', certVerified: 'SUCCESS' })
      expect(second.seen).toEqual(first.seen)
      expect(second.resumed).toBe(true)
    }
  })

  it('is never asked for on the front for browsers', async () => {
    const client = await issue({ subject: 'CN=tpp', issuer: authority, usage: 'client' })
    const seen = await present({ cert: client.certificate, key: client.key }, port + 1)
    expect(seen).toMatchObject({ tlsClientAuth: noCertificate })
  })
})

/** One request over a connection of its own, with the session it could be resumed by. */
function talk(options: ConnectionOptions) {
  return new Promise<{ session: Buffer | undefined; seen: unknown; resumed: boolean }>(
    (resolve, reject) => {
      let text = ''
      let session: Buffer | undefined
      let resumed = false
      const socket: TLSSocket = connect(
        { host: '127.0.0.1', port, rejectUnauthorized: false, ...options },
        () => {
          resumed = socket.isSessionReused()
          socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        },
      )
      socket.on('session', (data) => (session = data))
      socket.on('data', (part: Buffer) => (text += part.toString('utf8')))
      socket.on('error', reject)
      socket.on('close', () => {
        const received = JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '{}') as Received
        resolve({
          session,
          seen: cfOf(received)['tlsClientAuth'],
          resumed,
        })
      })
    },
  )
}

describe('TLS of the https fronts (BCP 195; FAPI2 SP 5.2.2)', () => {
  const handshake = (options: ConnectionOptions, at: number): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(
        { host: '127.0.0.1', port: at, rejectUnauthorized: false, ...options },
        () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
          socket.destroy()
        },
      )
      socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
    })

  it.each([
    ['ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['ECDHE-ECDSA-CHACHA20-POLY1305'],
  ])('speaks TLS 1.2 with %s', async (ciphers) => {
    for (const at of [port, port + 1]) {
      expect(await handshake({ maxVersion: 'TLSv1.2', ciphers }, at)).toBe(`TLSv1.2 ${ciphers}`)
    }
  })

  it.each([
    ['ECDHE-ECDSA-AES128-SHA256'],
    ['ECDHE-ECDSA-AES128-SHA'],
    ['ECDHE-RSA-AES256-SHA384'],
    ['DHE-RSA-AES128-GCM-SHA256'],
    ['AES128-GCM-SHA256'],
    ['AES256-SHA'],
  ])('refuses %s with a handshake_failure alert', async (ciphers) => {
    for (const at of [port, port + 1]) {
      const outcome = await handshake({ maxVersion: 'TLSv1.2', ciphers }, at)
      expect(outcome).toBe('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE')
    }
  })

  it('refuses TLS 1.1 with a protocol_version alert', async () => {
    const old = {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as const
    expect(await handshake(old, port)).toMatch(/PROTOCOL_VERSION/)
  })
})
