/** What the simulated WhatsApp takes; `serve` prints curl lines with the same values. */
export const SIMULATED = {
  port: 9100,
  appSecret: 'simulated-app-secret',
  accessToken: 'simulated-access-token',
  verifyToken: 'simulated-verify-token',
  phoneNumberId: '106540352242922',
  displayPhoneNumber: '+15550783881',
} as const
