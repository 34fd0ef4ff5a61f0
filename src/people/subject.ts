import type { ClientRecord } from '../types.ts'
import type { Person } from './session.ts'

/** The subject identifier by which a client knows a person (OIDC Core 8). */
export async function subjectFor(_client: ClientRecord, person: Person): Promise<string> {
  return person.sub
}
