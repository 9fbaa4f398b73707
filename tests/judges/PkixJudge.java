import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

/**
 * Arguments: root, CRLs, URL of the server, then chain and key of a good and of a revoked leaf, all
 * PEM. Ends with 1 when a verdict is not the expected one.
 */
public class PkixJudge {
    private static int wrong = 0;
    private static Set<TrustAnchor> anchors;
    private static Collection<? extends CRL> crls;
    private static KeyStore roots;

    private interface Judgement {
        void run() throws Exception;
    }

    private static List<X509Certificate> certificates(String file) throws Exception {
        List<X509Certificate> list = new ArrayList<>();
        try (InputStream in = new FileInputStream(file)) {
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in))
                list.add((X509Certificate) c);
        }
        return list;
    }

    private static void validate(String chain, boolean givenCrls, PKIXRevocationChecker.Option... options)
            throws Exception {
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXParameters parameters = new PKIXParameters(anchors);
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(certificates(chain));

        checker.setOptions(options.length == 0 ? Set.of() : EnumSet.copyOf(Arrays.asList(options)));
        parameters.addCertPathChecker(checker);
        if (givenCrls)
            parameters.addCertStore(
                    CertStore.getInstance("Collection", new CollectionCertStoreParameters(crls)));
        validator.validate(path, parameters);
    }

    private static void good(String what, Judgement judgement) {
        try {
            judgement.run();
            System.out.println("good: " + what);
        } catch (Exception e) {
            wrong++;
            System.out.println("WRONG: " + what + ": " + e);
        }
    }

    private static CertificateRevokedException revocation(Throwable e) {
        while (e != null && !(e instanceof CertificateRevokedException))
            e = e.getCause();
        return (CertificateRevokedException) e;
    }

    private static void revoked(String what, Judgement judgement) {
        try {
            judgement.run();
            wrong++;
            System.out.println("WRONG: " + what + ": a revoked certificate is taken");
        } catch (Exception e) {
            CertificateRevokedException found = revocation(e);
            boolean right = found != null && found.getRevocationReason() == CRLReason.KEY_COMPROMISE;
            wrong += right ? 0 : 1;
            System.out.println((right ? "revoked: " : "WRONG: ") + what + ": " + e.getMessage());
        }
    }

    private static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----|\\s", "");
        return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    }

    private static int call(String url, String protocol, String chain, String keyFile) throws Exception {
        KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        SSLContext context = SSLContext.getInstance(protocol);
        HttpsURLConnection connection = (HttpsURLConnection) new URL(url + "/v1/certificates").openConnection();

        own.load(null, null);
        own.setKeyEntry("own", key(keyFile), new char[0], certificates(chain).toArray(new Certificate[0]));
        keys.init(own, new char[0]);
        trust.init(roots);
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        connection.setSSLSocketFactory(context.getSocketFactory());
        return connection.getResponseCode();
    }

    private static void answers(String what, int wanted, String url, String protocol, String chain, String key) {
        good(what + " over " + protocol + " gets " + wanted, () -> {
            int status = call(url, protocol, chain, key);
            if (status != wanted)
                throw new IllegalStateException("status " + status);
        });
    }

    public static void main(String[] args) throws Exception {
        final String url = args[2], kept = args[3], lost = args[5];
        PKIXRevocationChecker.Option noFallback = PKIXRevocationChecker.Option.NO_FALLBACK;
        PKIXRevocationChecker.Option leafOnly = PKIXRevocationChecker.Option.ONLY_END_ENTITY;
        PKIXRevocationChecker.Option preferCrls = PKIXRevocationChecker.Option.PREFER_CRLS;
        X509Certificate root = certificates(args[0]).get(0);

        anchors = Set.of(new TrustAnchor(root, null));
        roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        roots.setCertificateEntry("root", root);
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(Path.of(args[1])))) {
            crls = CertificateFactory.getInstance("X.509").generateCRLs(in);
        }

        good("leaf by OCSP", () -> validate(kept, false, leafOnly, noFallback));
        good("chain by OCSP, else by fetched CRLs", () -> validate(kept, false));
        good("chain by fetched CRLs", () -> validate(kept, false, preferCrls, noFallback));
        good("chain by given CRLs", () -> validate(kept, true, preferCrls, noFallback));
        revoked("leaf by OCSP", () -> validate(lost, false, leafOnly, noFallback));
        revoked("chain by OCSP, else by fetched CRLs", () -> validate(lost, false));
        revoked("chain by fetched CRLs", () -> validate(lost, false, preferCrls, noFallback));
        revoked("chain by given CRLs", () -> validate(lost, true, preferCrls, noFallback));
        for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
            answers("a good client", HttpURLConnection.HTTP_OK, url, protocol, kept, args[4]);
            answers("a revoked client", HttpURLConnection.HTTP_FORBIDDEN, url, protocol, lost, args[6]);
        }
        System.exit(wrong == 0 ? 0 : 1);
    }
}
