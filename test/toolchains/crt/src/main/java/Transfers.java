import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/**
 * A file up, copied and down by the transfer manager on the AWS Common Runtime, which sends its headers otherwise than the
 * SDK's other clients. Arguments: the endpoint, the region, the bucket. Keys come from the environment.
 */
public final class Transfers {
  private static final int PART = 5 * 1024 * 1024;

  public static void main(String[] args) throws IOException {
    String bucket = args[2];
    byte[] content = new byte[2 * PART + 1];
    new Random(4711).nextBytes(content);
    Path up = Files.write(Files.createTempFile("transfer", ".up"), content);
    Path down = Files.createTempFile("transfer", ".down");
    try (S3AsyncClient client =
            S3AsyncClient.crtBuilder()
                .endpointOverride(URI.create(args[0]))
                .region(Region.of(args[1]))
                .forcePathStyle(true)
                .minimumPartSizeInBytes((long) PART)
                .thresholdInBytes((long) PART)
                .build();
        S3TransferManager transfers = S3TransferManager.builder().s3Client(client).build()) {
      transfers
          .uploadFile(file -> file.source(up).putObjectRequest(put -> put.bucket(bucket).key("whole")))
          .completionFuture()
          .join();
      transfers
          .copy(
              copy ->
                  copy.copyObjectRequest(
                      from ->
                          from.sourceBucket(bucket)
                              .sourceKey("whole")
                              .destinationBucket(bucket)
                              .destinationKey("a copy")))
          .completionFuture()
          .join();
      transfers
          .downloadFile(file -> file.destination(down).getObjectRequest(get -> get.bucket(bucket).key("a copy")))
          .completionFuture()
          .join();
      if (!Arrays.equals(Files.readAllBytes(down), content)) {
        throw new IllegalStateException("another content came back");
      }
      System.out.println("done");
    } finally {
      Files.delete(up);
      Files.delete(down);
    }
  }
}
