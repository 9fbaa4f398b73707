module signet.example/judges

go 1.25

require github.com/zmap/zlint/v3 v3.7.3

// A dependency of zlint asks for a version between two releases, which not every proxy has.
replace github.com/weppos/publicsuffix-go => github.com/weppos/publicsuffix-go v0.50.3
