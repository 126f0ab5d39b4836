// AWS's credential helper for IAM Roles Anywhere, as its own module brings it.
package main

import "github.com/aws/rolesanywhere-credential-helper/cmd"

func main() {
	cmd.Execute()
}
