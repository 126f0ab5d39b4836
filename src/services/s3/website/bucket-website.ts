/** The setting that makes a bucket a website; website.ts serves it. */
import type {
  DeleteBucketWebsiteRequest,
  GetBucketWebsiteOutput,
  GetBucketWebsiteRequest,
  PutBucketWebsiteRequest,
  RoutingRule as RoutingRuleShape,
  WebsiteConfiguration,
} from '@aws-sdk/client-s3';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import type { RoutingRule, Website, WebsiteProtocol } from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';

/** "PutBucketWebsite", S3 API Reference: 50 rules, and 128 KB for the whole. */
const MOST_RULES = 50;
const LARGEST = 128 * 1024;

export const PutBucketWebsite = bucketOperation<PutBucketWebsiteRequest, object>(
  's3:PutBucketWebsite',
  async (bucket, { WebsiteConfiguration }, { objects }) => {
    if (!WebsiteConfiguration) throw s3Errors.MalformedXML();
    if (JSON.stringify(WebsiteConfiguration).length > LARGEST) throw s3Errors.MaxMessageLengthExceeded();
    await objects.buckets.update(bucket, { website: websiteOf(WebsiteConfiguration) });
    return {};
  },
);

export const GetBucketWebsite = bucketOperation<GetBucketWebsiteRequest, GetBucketWebsiteOutput>(
  's3:GetBucketWebsite',
  ({ name, website }) => shapeOf(website ?? noWebsite(name)),
);

export const DeleteBucketWebsite = bucketOperation<DeleteBucketWebsiteRequest, object>(
  's3:DeleteBucketWebsite',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { website: undefined });
    return {};
  },
);

/** Throws NoSuchWebsiteConfiguration. */
export function noWebsite(bucket: string): never {
  throw s3Errors.NoSuchWebsiteConfiguration({ members: { BucketName: bucket } });
}

/** Throws MalformedXML, InvalidArgument, InvalidRequest. */
function websiteOf(shape: WebsiteConfiguration): Website {
  const { RedirectAllRequestsTo, IndexDocument, ErrorDocument, RoutingRules } = shape;
  if (RedirectAllRequestsTo) {
    if (IndexDocument || ErrorDocument || RoutingRules) {
      const why = 'RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.';
      throw invalidArgument(why, 'RedirectAllRequestsTo', 'not null');
    }
    const { HostName, Protocol } = RedirectAllRequestsTo;
    demandHost(HostName);
    return { redirectAll: { host: HostName!, ...protocolOf(Protocol) } };
  }
  const index = IndexDocument?.Suffix;
  if (!IndexDocument) {
    const why = 'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty';
    throw invalidArgument(why, 'IndexDocument', 'null');
  }
  if (!index || index.includes('/')) {
    throw invalidArgument('The IndexDocument Suffix is not well formed', 'IndexDocument', index ?? '');
  }
  if (ErrorDocument && !ErrorDocument.Key) throw s3Errors.MalformedXML();
  return {
    index,
    ...(ErrorDocument && { error: ErrorDocument.Key }),
    ...(RoutingRules && { rules: rulesOf(RoutingRules) }),
  };
}

function rulesOf(shapes: readonly RoutingRuleShape[]): RoutingRule[] {
  if (shapes.length === 0) throw s3Errors.MalformedXML();
  if (shapes.length > MOST_RULES) {
    throw s3Errors.InvalidRequest(
      `${shapes.length} routing rules provided, the number of routing rules in a website configuration is limited to ${MOST_RULES}.`,
    );
  }
  return shapes.map(ruleOf);
}

function ruleOf({ Condition, Redirect = {} }: RoutingRuleShape): RoutingRule {
  const { KeyPrefixEquals: prefix, HttpErrorCodeReturnedEquals: errorCode } = Condition ?? {};
  if (Condition && prefix === undefined && errorCode === undefined) {
    throw s3Errors.InvalidRequest(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    );
  }
  const { HostName, Protocol, HttpRedirectCode, ReplaceKeyPrefixWith, ReplaceKeyWith } = Redirect;
  if (HostName !== undefined) demandHost(HostName);
  if (ReplaceKeyPrefixWith !== undefined && ReplaceKeyWith !== undefined) {
    throw s3Errors.InvalidRequest('You can only define ReplaceKeyPrefix or ReplaceKey but not both.');
  }
  return {
    ...(prefix !== undefined && { prefix }),
    ...(errorCode !== undefined && { errorCode: errorCodeOf(errorCode) }),
    redirect: {
      ...(HostName !== undefined && { host: HostName }),
      ...protocolOf(Protocol),
      ...(HttpRedirectCode !== undefined && { code: redirectCodeOf(HttpRedirectCode) }),
      ...(ReplaceKeyPrefixWith !== undefined && { replacePrefix: ReplaceKeyPrefixWith }),
      ...(ReplaceKeyWith !== undefined && { replaceKey: ReplaceKeyWith }),
    },
  };
}

/** Throws InvalidRequest for what is neither (LocalStack's recordings of AWS, test_validate_website_configuration). */
function protocolOf(protocol: WebsiteProtocol | undefined): { readonly protocol?: WebsiteProtocol } {
  if (protocol === undefined) return {};
  if (protocol === 'http' || protocol === 'https') return { protocol };
  throw s3Errors.InvalidRequest(
    'Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.',
  );
}

function errorCodeOf(text: string): number {
  if (/^[45]\d\d$/.test(text)) return Number(text);
  throw s3Errors.InvalidRequest(
    `The provided HTTP error code (${text}) is not valid. Valid codes are 4XX or 5XX.`,
  );
}

const REDIRECT_CODES = new Set(['301', '302', '303', '304', '305', '307', '308']);

function redirectCodeOf(text: string): number {
  if (REDIRECT_CODES.has(text)) return Number(text);
  throw s3Errors.InvalidRequest(
    `The provided HTTP redirect code (${text}) is not valid. Valid codes are 3XX except 300.`,
  );
}

/** The host goes into a header: only what a host, with or without a port, consists of. */
function demandHost(host: string | undefined): void {
  if (host !== undefined && /^[\w.:[\]-]+$/.test(host)) return;
  throw s3Errors.InvalidRequest(
    'The HostName cannot be blank. To redirect within the same domain, the element should not be present.',
  );
}

function shapeOf(website: Website): GetBucketWebsiteOutput {
  if (website.redirectAll) {
    const { host, protocol } = website.redirectAll;
    return { RedirectAllRequestsTo: { HostName: host, Protocol: protocol } };
  }
  return {
    IndexDocument: { Suffix: website.index },
    ErrorDocument: website.error === undefined ? undefined : { Key: website.error },
    RoutingRules: website.rules?.map(ruleShape),
  };
}

function ruleShape({ prefix, errorCode, redirect }: RoutingRule): RoutingRuleShape {
  const condition = { KeyPrefixEquals: prefix, HttpErrorCodeReturnedEquals: textOf(errorCode) };
  return {
    Condition: prefix === undefined && errorCode === undefined ? undefined : condition,
    Redirect: {
      HostName: redirect.host,
      Protocol: redirect.protocol,
      HttpRedirectCode: textOf(redirect.code),
      ReplaceKeyPrefixWith: redirect.replacePrefix,
      ReplaceKeyWith: redirect.replaceKey,
    },
  };
}

function textOf(code: number | undefined): string | undefined {
  return code === undefined ? undefined : String(code);
}
