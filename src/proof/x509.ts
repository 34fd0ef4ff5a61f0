import { readDer, Tag } from './der.ts'
import type { DerValue } from './der.ts'
import { readName } from './distinguished-name.ts'
import type { DistinguishedName } from './distinguished-name.ts'
import { addressFromOctets } from './ip-address.ts'
import { toHex } from '../encoding.ts'

export type AlternativeNames = {
  readonly dns: readonly string[]
  readonly uri: readonly string[]
  readonly ip: readonly string[]
  readonly email: readonly string[]
}

/** What an X.509 certificate says. Nothing of it is verified here. */
export type CertificateContents = {
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  readonly san: AlternativeNames
  readonly spki: Uint8Array
  readonly authorityKeyId?: string
  readonly subjectKeyId?: string
  readonly extendedKeyUsage?: readonly string[]
  readonly certificateAuthority: boolean
  readonly notBefore: number
  readonly notAfter: number
}

const noNames: AlternativeNames = { dns: [], uri: [], ip: [], email: [] }

/** Reads a Certificate (RFC 5280 4.1) in strict DER; whatever departs from it is undefined. */
export function readX509(der: Uint8Array): CertificateContents | undefined {
  const certificate = readDer(der)
  const [body, algorithm, signature] = sequence(certificate, 3) ?? []
  if (!body || body.tag !== Tag.sequence || signature?.tag !== Tag.bitString) return undefined

  const fields = [...body.children]
  const version = fields[0]?.tag === 0xa0 ? readVersion(fields.shift()) : 1
  const [serial, innerAlgorithm, issuer, validity, subject, spki, ...rest] = fields
  if (version === undefined || serial?.tag !== Tag.integer) return undefined
  // RFC 5280 4.1.1.2: both name the same algorithm.
  if (!innerAlgorithm || !algorithm || algorithm.tag !== Tag.sequence) return undefined
  if (toHex(innerAlgorithm.bytes) !== toHex(algorithm.bytes)) return undefined
  if (!issuer || !subject || !spki || !isPublicKeyInfo(spki)) return undefined

  const issuerName = readName(issuer)
  const subjectName = readName(subject)
  const [notBefore, notAfter] = (sequence(validity, 2) ?? []).map(readTime)
  const extensions = readExtensions(rest, version)
  const read = extensions && readKnownExtensions(extensions)
  if (!issuerName || !subjectName || !read) return undefined
  if (notBefore === undefined || notAfter === undefined) return undefined
  return {
    issuer: issuerName,
    subject: subjectName,
    spki: spki.bytes,
    notBefore,
    notAfter,
    ...read,
  }
}

function sequence(value: DerValue | undefined, length?: number): readonly DerValue[] | undefined {
  if (value?.tag !== Tag.sequence) return undefined
  return length === undefined || value.children.length === length ? value.children : undefined
}

/** RFC 5280 4.1.2.1: version 1 is the default, thus never written in DER. */
function readVersion(field: DerValue | undefined): 2 | 3 | undefined {
  const number = field?.children.length === 1 ? field.children[0] : undefined
  if (number?.tag !== Tag.integer || number.content.length !== 1) return undefined
  return number.content[0] === 1 ? 2 : number.content[0] === 2 ? 3 : undefined
}

function isPublicKeyInfo(value: DerValue): boolean {
  const [algorithm, key] = sequence(value, 2) ?? []
  return sequence(algorithm)?.[0]?.oid !== undefined && key?.tag === Tag.bitString
}

/** RFC 5280 4.1.2.5: to the second, in UTC, nothing else. */
function readTime(value: DerValue): number | undefined {
  const text = String.fromCharCode(...value.content.subarray(0, 16))
  let iso: string
  if (value.tag === Tag.utcTime && /^[0-9]{12}Z$/.test(text)) {
    iso = (Number(text.slice(0, 2)) >= 50 ? '19' : '20') + text
  } else if (value.tag === Tag.generalizedTime && /^[0-9]{14}Z$/.test(text)) {
    iso = text
  } else return undefined
  const parts = /^(....)(..)(..)(..)(..)(..)Z$/
  const time = Date.parse(iso.replace(parts, '$1-$2-$3T$4:$5:$6.000Z'))
  if (Number.isNaN(time)) return undefined
  const canonical = new Date(time).toISOString().replace(/[-T:]|\.000/g, '')
  return canonical === iso ? time : undefined
}

/** RFC 5280 4.1.2.8, 4.1.2.9, 4.2: unique ids may precede; no extension occurs twice. */
function readExtensions(
  rest: readonly DerValue[],
  version: 1 | 2 | 3,
): ReadonlyMap<string, DerValue> | undefined {
  const found = new Map<string, DerValue>()
  const tags = rest.map((field) => field.tag)
  if (tags.some((tag, index) => index > 0 && (tag & 0x1f) <= ((tags[index - 1] ?? 0) & 0x1f))) {
    return undefined
  }
  for (const field of rest) {
    if (field.tag === 0x81 || field.tag === 0x82) {
      if (version === 1) return undefined
      continue
    }
    if (field.tag !== 0xa3 || version !== 3 || field.children.length !== 1) return undefined
    const extensions = sequence(field.children[0])
    if (!extensions || extensions.length === 0) return undefined
    for (const extension of extensions) {
      const parts = sequence(extension) ?? []
      const [type, critical] = parts
      const value = parts.at(-1)
      if (parts.length < 2 || parts.length > 3 || type?.oid === undefined) return undefined
      if (parts.length === 3 && critical?.tag !== Tag.boolean) return undefined
      if (value?.tag !== Tag.octetString || found.has(type.oid)) return undefined
      found.set(type.oid, value)
    }
  }
  return found
}

type KnownExtensions = Omit<
  CertificateContents,
  'subject' | 'issuer' | 'spki' | 'notBefore' | 'notAfter'
>

function readKnownExtensions(
  extensions: ReadonlyMap<string, DerValue>,
): KnownExtensions | undefined {
  const names = known(extensions, '2.5.29.17', readAlternativeNames)
  const usages = known(extensions, '2.5.29.37', readUsages)
  const authority = known(extensions, '2.5.29.35', readAuthorityKeyId)
  const subject = known(extensions, '2.5.29.14', readSubjectKeyId)
  const constraints = known(extensions, '2.5.29.19', readBasicConstraints)
  if (!names || !usages || !authority || !subject || !constraints) return undefined
  return {
    san: names.value ?? noNames,
    certificateAuthority: constraints.value ?? false,
    ...(usages.value && { extendedKeyUsage: usages.value }),
    ...(authority.value && { authorityKeyId: authority.value }),
    ...(subject.value && { subjectKeyId: subject.value }),
  }
}

/** Nothing at all is fine; an extension that is there and cannot be read spoils the certificate. */
function known<Value>(
  extensions: ReadonlyMap<string, DerValue>,
  oid: string,
  read: (value: DerValue) => Value | undefined,
): { readonly value?: Value } | undefined {
  const extension = extensions.get(oid)
  if (!extension) return {}
  const inner = readDer(extension.content)
  const value = inner && read(inner)
  return value === undefined ? undefined : { value }
}

/** RFC 5280 4.2.1.6. Texts are printable ASCII, which leaves no room for a hidden NUL. */
function readAlternativeNames(value: DerValue): AlternativeNames | undefined {
  const entries = sequence(value)
  if (!entries || entries.length === 0) return undefined
  const names = {
    dns: [] as string[],
    uri: [] as string[],
    ip: [] as string[],
    email: [] as string[],
  }
  for (const { tag, content } of entries) {
    switch (tag) {
      case 0x81:
      case 0x82:
      case 0x86: {
        const text = readPrintable(content)
        if (text === undefined) return undefined
        names[tag === 0x81 ? 'email' : tag === 0x82 ? 'dns' : 'uri'].push(text)
        break
      }
      case 0x87: {
        const address = addressFromOctets(content)
        if (address === undefined) return undefined
        names.ip.push(address)
        break
      }
      // otherName, x400Address, directoryName, ediPartyName, registeredID: nothing compares them.
      case 0xa0:
      case 0xa3:
      case 0xa4:
      case 0xa5:
      case 0x88:
        break
      default:
        return undefined
    }
  }
  return names
}

function readPrintable(content: Uint8Array): string | undefined {
  if (content.length === 0 || content.some((octet) => octet < 0x21 || octet > 0x7e))
    return undefined
  return new TextDecoder().decode(content)
}

/** RFC 5280 4.2.1.12. */
function readUsages(value: DerValue): readonly string[] | undefined {
  const usages = (sequence(value) ?? []).map((usage) => usage.oid)
  if (usages.length === 0) return undefined
  return usages.every((usage): usage is string => usage !== undefined) ? usages : undefined
}

/** RFC 5280 4.2.1.1. The empty text means that the key is named in another way. */
function readAuthorityKeyId(value: DerValue): string | undefined {
  const id = sequence(value)?.find((field) => field.tag === 0x80)
  return value.tag === Tag.sequence ? toHex(id?.content ?? new Uint8Array()) : undefined
}

/** RFC 5280 4.2.1.2. */
function readSubjectKeyId(value: DerValue): string | undefined {
  return value.tag === Tag.octetString && value.content.length > 0
    ? toHex(value.content)
    : undefined
}

/** RFC 5280 4.2.1.9. */
function readBasicConstraints(value: DerValue): boolean | undefined {
  const fields = sequence(value)
  return fields && fields[0]?.tag === Tag.boolean && fields[0].content[0] === 0xff
}
