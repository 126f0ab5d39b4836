/**
 * What an account may have. Sizes are characters without white space. Source: IAM User Guide, "IAM and AWS STS
 * quotas" (the defaults).
 */
export const quotas = {
  users: 5000,
  groups: 300,
  roles: 1000,
  /** Customer managed policies. */
  policies: 1500,
  instanceProfiles: 1000,
  accessKeysPerUser: 2,
  groupsPerUser: 10,
  sshKeysPerUser: 5,
  signingCertificatesPerUser: 2,
  /** Per service. */
  serviceCredentialsPerUser: 2,
  serverCertificates: 20,
  /** Managed policies attached to one user, group or role. */
  attachedPolicies: 10,
  versionsPerPolicy: 5,
  /** Of customer managed policies, all together. */
  policyVersionsInUse: 10_000,
  /** A managed policy. */
  policySize: 6144,
  /** All inline policies of one entity together. */
  inlinePolicySize: { user: 2048, group: 5120, role: 10240 },
  trustPolicySize: 2048,
  /** Of a resource or a session. */
  tags: 50,
} as const;
