/** What no look from outside can show; somebody has to check it by hand. */
export const unseen: readonly string[] = [
  'WAF rules, rate limits and challenges that only some visitors meet',
  'whether another Worker or route of the account shadows a path',
  'the age of MASTER_SECRET, who has seen it, and whether a copy is kept safe',
  'who holds operator keys (SETTINGS.issuers[].operators)',
  'plan limits: Workers Paid, Advanced Certificate Manager, Enterprise for own client CAs',
  'which CAs the zone trusts for client certificates, and their revocation lists',
  'the jurisdiction and location of the Durable Objects',
  'log retention and who can read logs',
  'DNSSEC and CAA records of the zone, and HSTS preloading',
  'TLS suites this machine cannot offer (3DES, RC4, CCM, CAMELLIA)',
]
