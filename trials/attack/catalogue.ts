/** How much an attack weighs: it must be blocked, must be mitigated, or its success is a warning. */
export type Severity = 'H' | 'M' | 'W'

/** Who mounts it (FAPI 2.0 Attacker Model 7); `BS` is browser swapping, which the model removed. */
export type Attacker = 'A1' | 'A1a' | 'A2' | 'A3a' | 'A4' | 'A5' | 'BS' | 'X'

const severities = {
  A1: 'HHHHHHMHHHHHHHHHHHHHHHHHHHHHMMMMMMH',
  A1a: 'HHHMHMM',
  A2: 'HHMM',
  A3: 'MHHMM',
  BS: 'W',
  A4: 'HHM',
  A5: 'HHHHHMHHM',
} as const

/** The attacks of the model with their severities: each has at least one scenario. */
export const attacks: ReadonlyMap<string, Severity> = new Map(
  Object.entries(severities).flatMap(([family, all]) =>
    [...all].map((severity, at): [string, Severity] => [
      `ATK-${family}-${String(at + 1).padStart(2, '0')}`,
      severity as Severity,
    ]),
  ),
)

/** The classes beyond the model that broke other servers: each has its scenario, too. */
export const extras: readonly string[] = [
  'EX-RACE-CODE', 'EX-RACE-REFRESH', 'EX-RACE-JTI', 'EX-RACE-REQUEST-URI', 'EX-RACE-GRANT',
  'EX-HANDLE-TOKEN', 'EX-HANDLE-PROOF', 'EX-HANDLE-PAR', 'EX-HANDLE-AUTHORIZE', 'EX-HANDLE-INTROSPECT', 'EX-HANDLE-REVOKE', 'EX-HANDLE-RESOURCE', 'EX-HANDLE-GRANT', 'EX-HANDLE-PAGES',
  'EX-ALG-ASSERTION', 'EX-ALG-PROOF', 'EX-ALG-REQUEST', 'EX-ALG-TOKEN',
  'EX-CLAIMS-ASSERTION', 'EX-CLAIMS-PROOF', 'EX-CLAIMS-REQUEST', 'EX-CLAIMS-TOKEN', 'EX-POLICY-UPDATE', 'EX-SSRF',
  'EX-REVOKE-RACE', 'EX-WINDOW-PROOF', 'EX-WINDOW-ASSERTION',
] // prettier-ignore

const attackerOf: Readonly<Record<string, Attacker>> = { A3: 'A3a', X: 'X' }

/** Who mounts the attack of this id. */
export function attackerBehind(id: string): Attacker {
  const family = /^ATK-(\w+)-\d\d/.exec(id)?.[1] ?? 'X'
  return attackerOf[family] ?? (family as Attacker)
}
