import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isJson } from './json.ts'
import type { Json } from './json.ts'
import { codeOf, messageOf, stop } from './problem.ts'

/** The file given with `--config`, its shape checked. What the settings mean is checked elsewhere. */
export type ConfigFile = {
  readonly issuer: Json
  /** RFC 7591 metadata with `client_id`. */
  readonly clients: readonly (Json & { readonly client_id: string })[]
  readonly users: readonly (Json & { readonly username: string })[]
  readonly resourceServers: readonly (Json & { readonly identifier: string })[]
}

export const emptyConfig: ConfigFile = { issuer: {}, clients: [], users: [], resourceServers: [] }

const members = ['issuer', 'clients', 'users', 'resource_servers']

/** Reads the configuration file, or stops with a sentence. */
export function readConfigFile(path: string): ConfigFile {
  const text = readTextFile(path, 'configuration file')
  const value = parse(text, path)
  if (!isJson(value)) return stop(`The configuration file ${path} must be a JSON object.`)
  const strange = Object.keys(value).find((name) => !members.includes(name))
  if (strange !== undefined) {
    stop(
      `The configuration file ${path} has an unknown member '${strange}'; known are ${members.join(', ')}.`,
    )
  }
  const issuer = value['issuer'] ?? {}
  if (!isJson(issuer)) return stop(`'issuer' in ${path} must be an object.`)
  return {
    issuer,
    clients: readEntries(value, 'clients', 'client_id', path),
    users: readEntries(value, 'users', 'username', path),
    resourceServers: readEntries(value, 'resource_servers', 'identifier', path),
  }
}

/** Reads the certificates of a PEM file, one text each, or stops with a sentence. */
export function readAuthorities(path: string): readonly string[] {
  const text = readTextFile(path, 'file of client authorities')
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) return stop(`The file ${path} (--client-ca) holds no PEM certificate.`)
  for (const pem of found) {
    try {
      new X509Certificate(pem)
    } catch {
      stop(`The file ${path} (--client-ca) holds a certificate that cannot be read.`)
    }
  }
  return found.map((pem) => `${pem}\n`)
}

function readTextFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'it does not exist' : messageOf(error)
    return stop(`The ${what} ${path} cannot be read: ${reason}.`)
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    return stop(
      `The configuration file ${path} is not JSON: ${messageOf(error).replace(/\.$/, '')}.`,
    )
  }
}

function readEntries<Key extends string>(
  file: Json,
  member: string,
  key: Key,
  path: string,
): readonly (Json & { readonly [key in Key]: string })[] {
  const list = file[member] ?? []
  if (!Array.isArray(list)) return stop(`'${member}' in ${path} must be a list.`)
  const seen = new Set<string>()
  return list.map((entry: unknown, index) => {
    const name = isJson(entry) ? entry[key] : undefined
    if (!isJson(entry) || typeof name !== 'string' || name === '') {
      return stop(`Entry ${index} of '${member}' in ${path} must be an object with a '${key}'.`)
    }
    if (seen.has(name)) stop(`'${member}' in ${path} names '${name}' twice.`)
    seen.add(name)
    return { ...entry, [key]: name } as Json & { readonly [key in Key]: string }
  })
}
