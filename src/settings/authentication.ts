import { isRecord } from '../encoding.ts'
import { levelAcr } from '../people/authentication.ts'
import type { Profile } from '../profiles/profile.ts'
import type { AuthenticationPolicy, Level } from '../types.ts'
import { readDelegatedLogin } from './delegated-login.ts'
import { levelNames } from './levels.ts'
import { contradiction, integer, onlyKnown } from './readers.ts'

/** Reads what an issuer demands of a sign-in. Throws `Contradiction`. */
export function readAuthentication(
  entry: Readonly<Record<string, unknown>>,
  where: string,
  given: { readonly profile: Profile; readonly url: string; readonly development: boolean },
): AuthenticationPolicy {
  const { profile, url, development } = given
  const value = entry['authentication'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: authentication must be an object.`)
  const members = ['factors', 'acr_values', 'session', 'upstream', 'delegate']
  onlyKnown(value, members, `${where}: authentication`)
  const factors = value['factors'] ?? profile.minimumLevel
  if (factors !== 1 && factors !== 2) {
    return contradiction(`${where}: authentication.factors must be 1 or 2.`)
  }
  const login = readDelegatedLogin(value, { where, url, minimum: factors, development })
  return Object.freeze({
    minimum: factors,
    acr: readAcr(value, where),
    session: readSession(value, where),
    ...(login === undefined ? {} : { login }),
  })
}

function readAcr(
  value: Readonly<Record<string, unknown>>,
  where: string,
): Readonly<Record<string, Level>> {
  const given = value['acr_values'] ?? {}
  if (!isRecord(given)) return contradiction(`${where}: acr_values must be an object.`)
  const named = Object.entries(given).map(([name, level]) => {
    if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(name)) {
      contradiction(`${where}: '${name}' cannot be an acr value.`)
    }
    const known =
      typeof level === 'string' && Object.hasOwn(levelNames, level) ? levelNames[level] : undefined
    return [
      name,
      known ??
        contradiction(
          `${where}: acr_values must map names to one of ${Object.keys(levelNames).join(', ')}.`,
        ),
    ] as const
  })
  const own = Object.entries(levelAcr).map(([level, name]) => [name, Number(level) as Level])
  // The issuer's names first; the built-in ones keep their meaning whatever is configured.
  return Object.freeze(Object.fromEntries([...named, ...own]) as Record<string, Level>)
}

function readSession(
  value: Readonly<Record<string, unknown>>,
  where: string,
): AuthenticationPolicy['session'] {
  const session = value['session'] ?? {}
  if (!isRecord(session)) return contradiction(`${where}: session must be an object.`)
  onlyKnown(session, ['idle', 'absolute'], `${where}: session`)
  const limit = (name: string, otherwise: number) =>
    integer(session, name, `${where}: session`, { least: 60, most: 30 * 86_400, else: otherwise })
  const idle = limit('idle', 1_800)
  const absolute = limit('absolute', 43_200)
  if (idle > absolute) {
    return contradiction(`${where}: session.idle must not be longer than session.absolute.`)
  }
  return Object.freeze({ idle, absolute })
}
