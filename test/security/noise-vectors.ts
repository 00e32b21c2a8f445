/**
 * Test vectors of Noise_IK_25519_AESGCM_SHA256, from those of Cacophony (github.com/haskell-cryptography/cacophony,
 * vectors/cacophony.txt, in the public domain), which several implementations of Noise check themselves against.
 * The first two messages are the handshake, the others are sent by either side in turn, initiator first.
 */
export const VECTOR = {
  prologue: "4a6f686e2047616c74",
  initiatorStatic: "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
  initiatorEphemeral: "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
  responderPublic: "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62",
  responderStatic: "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
  responderEphemeral: "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
  handshake: [
    {
      payload: "4c756477696720766f6e204d69736573",
      message:
        "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444e417bc55c7a8166c993356c1be41ef67818a292426f301556c7f26b21d25ddb097153891a9a956cff47b83e63ad8d701c1342c209cff1ca5ecd43402762ac249e3bd3a4c0a145fe07cb5dae28ea13a3",
    },
    {
      payload: "4d757272617920526f746862617264",
      message:
        "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843af2ccf9972e22afc67aeafcd25162f7f98c363b7762e3e4cb7d272e39f27a5",
    },
  ],
  transport: [
    {
      payload: "462e20412e20486179656b",
      message: "66acfc92e3197de166809e6d4d5d003dcc819a84bc3522ca53c9d9",
    },
    {
      payload: "4361726c204d656e676572",
      message: "71f89aa6533a6de70b0826864dd75f60806ee40170c16290189eb3",
    },
    {
      payload: "4a65616e2d426170746973746520536179",
      message: "4795a3423550c8bf00386bd496a3e2c76c10669d2a75ab8f79b5094c5412a25705",
    },
    {
      payload: "457567656e2042f6686d20766f6e2042617765726b",
      message: "aa0bb39097555c918e40be82abc2b909eb79d9eb87adb07e268fc37323a6cf904fd01fb391",
    },
  ],
} as const;
