import { Type } from 'typebox'

/** Config keys that every connector takes (DESIGN §5). */
export const everyChannel = {
  apiBase: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#]+$',
      description:
        "Instead of the provider's own address: a proxy, or a simulator. Without a slash at the end.",
    }),
  ),
  limits: Type.Optional(
    Type.Object(
      {
        perSecond: Type.Optional(
          Type.Number({ exclusiveMinimum: 0, maximum: 100_000, description: 'Messages a second.' }),
        ),
      },
      { additionalProperties: false, description: "Instead of the provider's published limits." },
    ),
  ),
  onUncertain: Type.Optional(
    Type.Object(
      {
        afterMs: Type.Optional(
          Type.Integer({ minimum: 0, maximum: 86_400_000, description: 'How long to wait for a receipt.' }),
        ),
        // biome-ignore lint/suspicious/noThenProperty: the contract's name for it (RULES C6), and never a function.
        then: Type.Optional(
          Type.Union([Type.Literal('resend'), Type.Literal('fail')], {
            description: 'Which mistake is worse: a message twice, or a message not at all.',
          }),
        ),
      },
      {
        additionalProperties: false,
        description: 'What to do when the provider never said whether it took a message.',
      },
    ),
  ),
}
