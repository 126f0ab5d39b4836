// Keys of the instance by the default chain, a role of another account with an external ID, an object in its bucket.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	endpoint, region, role, externalID, bucket := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	ctx := context.Background()
	own, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithBaseEndpoint(endpoint))
	check(err)
	tokens := sts.NewFromConfig(own)
	who, err := tokens.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	check(err)
	assumed := own.Copy()
	assumed.Credentials = aws.NewCredentialsCache(
		stscreds.NewAssumeRoleProvider(tokens, role, func(options *stscreds.AssumeRoleOptions) {
			options.ExternalID = aws.String(externalID)
			options.RoleSessionName = "go"
		}))
	files := s3.NewFromConfig(assumed, func(options *s3.Options) { options.UsePathStyle = true })
	key := aws.String("go")
	_, err = files.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: key, Body: strings.NewReader("from Go"),
	})
	check(err)
	got, err := files.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: key})
	check(err)
	text, err := io.ReadAll(got.Body)
	check(err)
	if string(text) != "from Go" {
		log.Fatalf("another content came back: %q", text)
	}
	fmt.Println(*who.Arn)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
