/** Seconds around now in which a message may say it was `created` (FAPI 2.0 HTTP Signatures 5.3.1.2). */
export const createdWindow = { past: 60, future: 10 } as const
