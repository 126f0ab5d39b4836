import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.Arrays;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A tree through Hadoop's S3A: a file in parts, read from its middle, listed, renamed with its directory, deleted.
 * Arguments: the endpoint, the region, the bucket, and further settings as NAME=VALUE.
 */
public final class Tree {
  private static final int PART = 5 * 1024 * 1024;

  public static void main(String[] args) throws IOException {
    Configuration settings = new Configuration();
    settings.set("fs.s3a.endpoint", args[0]);
    settings.set("fs.s3a.endpoint.region", args[1]);
    for (String setting : Arrays.copyOfRange(args, 3, args.length)) {
      String[] parts = setting.split("=", 2);
      settings.set(parts[0], parts[1]);
    }
    settings.setBoolean("fs.s3a.path.style.access", true);
    settings.setInt("fs.s3a.multipart.size", PART);
    settings.setInt("fs.s3a.multipart.threshold", PART);
    byte[] content = new byte[2 * PART + 1];
    new Random(4711).nextBytes(content);
    try (FileSystem files = FileSystem.newInstance(URI.create("s3a://" + args[2] + "/"), settings)) {
      Path before = new Path("/tables/day=1");
      Path after = new Path("/tables/day=2 (émile)");
      files.mkdirs(before);
      try (OutputStream out = files.create(new Path(before, "part 0.bin"))) {
        out.write(content);
      }
      try (FSDataInputStream in = files.open(new Path(before, "part 0.bin"))) {
        byte[] middle = new byte[1000];
        in.readFully(PART - 500, middle);
        demand(Arrays.equals(middle, Arrays.copyOfRange(content, PART - 500, PART + 500)), "another range");
      }
      demand(files.rename(before, after), "not renamed");
      demand(!files.exists(before), "still under its old name");
      FileStatus[] found = files.listStatus(after);
      demand(found.length == 1 && found[0].getLen() == content.length, "another list");
      try (FSDataInputStream in = files.open(found[0].getPath())) {
        byte[] whole = new byte[content.length];
        in.readFully(0, whole);
        demand(Arrays.equals(whole, content), "another content");
      }
      demand(files.delete(new Path("/tables"), true), "not deleted");
      demand(!files.exists(after), "still there");
    }
    System.out.println("done");
  }

  private static void demand(boolean held, String otherwise) {
    if (!held) throw new IllegalStateException(otherwise);
  }
}
