import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../browser/support/chromium.ts'

describe('The browser of the browser tests', () => {
  let folder = ''
  const here = (name: string) => join(folder, name)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chromium-test-'))
    writeFileSync(here('google-chrome'), '#!/bin/sh\n')
    writeFileSync(here('no-program'), '')
    chmodSync(here('google-chrome'), 0o755)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is the program named in CHROMIUM_PATH', () => {
    const environment = { CHROMIUM_PATH: here('google-chrome'), PATH: '/nowhere' }
    expect(findChromium(environment)).toBe(here('google-chrome'))
  })

  it('is absent when CHROMIUM_PATH names nothing, or what is no program: nothing else is taken instead', () => {
    for (const name of ['absent', 'no-program']) {
      expect(findChromium({ CHROMIUM_PATH: here(name), PATH: folder })).toBeUndefined()
    }
  })

  it('is found under its usual names, in /usr/bin or on the PATH', () => {
    const found = findChromium({ CHROMIUM_PATH: '', PATH: `/nowhere:${folder}` })
    expect(found).toMatch(
      /\/(chromium-headless-shell|chromium|chromium-browser|google-chrome|google-chrome-stable)$/,
    )
  })
})
