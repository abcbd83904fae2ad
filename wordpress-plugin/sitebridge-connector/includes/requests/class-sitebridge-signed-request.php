<?php
/**
 * The signature of a request.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A request as it was sent, with the four headers that sign it.
 */
final class Sitebridge_Signed_Request {

	/**
	 * The method, in capitals.
	 *
	 * @var string
	 */
	public $method;

	/**
	 * The request target as sent: path and query, undecoded.
	 *
	 * @var string
	 */
	public $target;

	/**
	 * X-Sitebridge-Site: the site's id on the server.
	 *
	 * @var string
	 */
	public $site;

	/**
	 * X-Sitebridge-Timestamp: unix seconds.
	 *
	 * @var string
	 */
	public $timestamp;

	/**
	 * X-Sitebridge-Nonce.
	 *
	 * @var string
	 */
	public $nonce;

	/**
	 * X-Sitebridge-Signature: `v1=` and 64 hex digits. '' when the request is not signed.
	 *
	 * @var string
	 */
	public $signature;

	/**
	 * X-Sitebridge-Op: the id of the server's operation that the request belongs to, or ''. The header is not
	 * signed. Someone who adds or changes it on the way can only make the server mistake an edit for its own
	 * change.
	 *
	 * @var string
	 */
	public $operation;

	/**
	 * X-Sitebridge-Server: the UUID of the server's database.
	 *
	 * @var string
	 */
	public $server;

	/**
	 * Reads the current request. Must be called before wp_magic_quotes(), see the plugin's main file.
	 *
	 * @return self
	 */
	public static function from_server() {
		$request            = new self();
		$request->method    = strtoupper( self::raw( 'REQUEST_METHOD' ) );
		$request->target    = self::raw( 'REQUEST_URI' );
		$request->site      = self::raw( 'HTTP_X_SITEBRIDGE_SITE' );
		$request->timestamp = self::raw( 'HTTP_X_SITEBRIDGE_TIMESTAMP' );
		$request->nonce     = self::raw( 'HTTP_X_SITEBRIDGE_NONCE' );
		$request->signature = self::raw( 'HTTP_X_SITEBRIDGE_SIGNATURE' );
		$request->operation = self::raw( 'HTTP_X_SITEBRIDGE_OP' );
		$request->server    = self::raw( 'HTTP_X_SITEBRIDGE_SERVER' );

		return $request;
	}

	/**
	 * Whether the request claims to be signed.
	 *
	 * @return bool
	 */
	public function is_signed() {
		return '' !== $this->signature;
	}

	/**
	 * Whether the request is signed with this key. Compares the signatures in constant time.
	 *
	 * @param string $key The site key.
	 * @return bool Always false for an empty key.
	 */
	public function is_signed_with( $key ) {
		if ( '' === $key || '' === $this->nonce || '' === $this->timestamp ) {
			return false;
		}
		// WordPress lets this header override the method, but the header is not signed. Someone who adds it
		// on the way could turn a read into a delete.
		if ( '' !== self::raw( 'HTTP_X_HTTP_METHOD_OVERRIDE' ) ) {
			return false;
		}
		$body    = file_get_contents( 'php://input' );
		$content = implode( "\n", array( $this->method, $this->target, $this->timestamp, $this->nonce, hash( 'sha256', (string) $body ) ) );

		return hash_equals( 'v1=' . hash_hmac( 'sha256', $content, $key ), $this->signature );
	}

	/**
	 * The signed time.
	 *
	 * @return int|null Unix seconds, or null when the header is not a number.
	 */
	public function time() {
		return 1 === preg_match( '/^[0-9]{1,12}$/D', $this->timestamp ) ? (int) $this->timestamp : null;
	}

	/**
	 * Whether the request's address belongs to the REST API. REST_REQUEST is not defined yet when WordPress
	 * first determines the user.
	 *
	 * @return bool
	 */
	public function is_rest() {
		$path = (string) wp_parse_url( 'http://host/' . ltrim( $this->target, '/' ), PHP_URL_PATH );
		// A web server resolves such a path before it chooses a file, which may then be any page of WordPress.
		if ( in_array( '..', preg_split( '#[/\\\\]#', rawurldecode( $path ) ), true ) ) {
			return false;
		}
		$home = rtrim( (string) wp_parse_url( home_url(), PHP_URL_PATH ), '/' );
		if ( '' !== $home && 0 !== strpos( $path, $home . '/' ) ) {
			return false;
		}
		$path = preg_replace( '#^/index\.php(/|$)#', '/', substr( $path, strlen( $home ) ) );
		if ( '/' === $path ) {
			// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only checks whether the parameter is present.
			return ! empty( $_GET['rest_route'] );
		}
		$prefix = '/' . trim( rest_get_url_prefix(), '/' );

		return $prefix === $path || 0 === strpos( $path, $prefix . '/' );
	}

	/**
	 * One value of $_SERVER, unchanged. The signature covers the exact bytes, so the value must not be
	 * sanitized.
	 *
	 * @param string $name The variable's name.
	 * @return string
	 */
	private static function raw( $name ) {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- see above; the value is only compared.
		return isset( $_SERVER[ $name ] ) && is_string( $_SERVER[ $name ] ) ? $_SERVER[ $name ] : '';
	}
}
