import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/** Keys of the instance by the default chain, a role of another account with an external ID, an object in its bucket. */
public final class Keys {
  public static void main(String[] args) {
    URI endpoint = URI.create(args[0]);
    Region region = Region.of(args[1]);
    AwsCredentialsProvider own = DefaultCredentialsProvider.builder().build();
    try (StsClient tokens =
        StsClient.builder().endpointOverride(endpoint).region(region).credentialsProvider(own).build()) {
      String who = tokens.getCallerIdentity().arn();
      AwsCredentialsProvider assumed =
          StsAssumeRoleCredentialsProvider.builder()
              .stsClient(tokens)
              .refreshRequest(
                  request -> request.roleArn(args[2]).externalId(args[3]).roleSessionName("java"))
              .build();
      try (S3Client files =
          S3Client.builder()
              .endpointOverride(endpoint)
              .region(region)
              .forcePathStyle(true)
              .credentialsProvider(assumed)
              .build()) {
        files.putObject(put -> put.bucket(args[4]).key("java"), RequestBody.fromString("from Java"));
        String text = files.getObjectAsBytes(get -> get.bucket(args[4]).key("java")).asUtf8String();
        if (!text.equals("from Java")) throw new IllegalStateException("another content came back: " + text);
      }
      System.out.println(who);
    }
  }
}
