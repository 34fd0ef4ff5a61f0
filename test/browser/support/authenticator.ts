import type { Page } from 'playwright-core'

/** An authenticator built into the device, whose owner touches it at once. */
export type Authenticator = {
  /** How many passkeys it keeps. */
  readonly count: () => Promise<number>
  /** Whether its owner touches it when asked, from now on. */
  readonly setPresent: (present: boolean) => Promise<void>
  /** Whether its owner can be verified from now on. */
  readonly setVerified: (verified: boolean) => Promise<void>
}

/** Gives a page a virtual authenticator with discoverable credentials and user verification. */
export async function addAuthenticator(page: Page): Promise<Authenticator> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    count: async () => {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.length
    },
    setPresent: async (enabled) => {
      await session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    setVerified: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
