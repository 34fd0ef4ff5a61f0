import { isRecord } from '../encoding.ts'
import type { ResourceServer } from '../types.ts'
import { contradiction, onlyKnown, optionalList, optionalText, text, texts } from './readers.ts'
import { checkScope } from './scopes.ts'
import { readTranslations } from './translations.ts'

const resourceServerMembers = [
  'identifier',
  'name',
  'scopes',
  'default',
  'introspection_clients',
  'translations',
]

/** Reads the APIs an issuer makes tokens for. Throws `Contradiction`. */
export function readResourceServers(
  entry: Readonly<Record<string, unknown>>,
  where: string,
  url: string,
): readonly ResourceServer[] {
  const list = optionalList(entry, 'resource_servers', where).map((item): ResourceServer => {
    if (!isRecord(item)) return contradiction(`${where}: a resource server is not an object.`)
    const identifier = text(item, 'identifier', `${where}: resource_servers`)
    onlyKnown(item, resourceServerMembers, `${where}: resource server '${identifier}'`)
    if (!URL.canParse(identifier) || identifier.includes('#')) {
      contradiction(
        `${where}: resource server '${identifier}' must be an absolute URI without fragment (RFC 8707 2).`,
      )
    }
    // The admin API's and userinfo's audiences are this server's own and cannot be configured.
    if (identifier === url || identifier.startsWith(`${url}/`)) {
      contradiction(
        `${where}: resource server '${identifier}' lies inside the issuer's own address.`,
      )
    }
    const scopes = texts(item, 'scopes', where)
    for (const scope of scopes) checkScope(scope, where)
    if (![undefined, true, false].includes(item['default'] as boolean | undefined)) {
      contradiction(`${where}: 'default' of resource server '${identifier}' must be true or false.`)
    }
    return Object.freeze({
      identifier,
      name: optionalText(item, 'name', where) ?? identifier,
      scopes: Object.freeze(scopes),
      default: item['default'] === true,
      introspectionClients: Object.freeze(texts(item, 'introspection_clients', where)),
      ...readTranslations(
        item,
        ['name'],
        `${where}: resource server '${identifier}'`,
        (words, there) => ({ name: text(words, 'name', there) }),
      ),
    })
  })
  if (new Set(list.map((server) => server.identifier)).size < list.length) {
    contradiction(`${where}: two resource servers share an identifier.`)
  }
  if (list.filter((server) => server.default).length > 1) {
    contradiction(`${where}: only one resource server can be the default.`)
  }
  return Object.freeze(list)
}
