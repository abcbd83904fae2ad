<?php
/**
 * The signature of a request.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A request as it was sent, with the headers that sign it. A signature `v2` covers what the request means: its
 * method, route, named parameters and body. A signature `v1`, of servers before 0.6.0, covers the request
 * target as it was sent.
 */
final class Sitebridge_Signed_Request {

	/**
	 * The known kinds of signature. The ping names them.
	 */
	const VERSIONS = array( 'v1', 'v2' );

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
	 * The query as PHP received it, undecoded.
	 *
	 * @var string
	 */
	public $query;

	/**
	 * The names in X-Sitebridge-Params, each encoded by RFC 3986.
	 *
	 * @var string[]
	 */
	public $names;

	/**
	 * X-Sitebridge-Signature: `v1=` or `v2=` and 64 hex digits. '' when the request is not signed.
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
	 * The SHA-256 of the body in hex, '' when the body cannot be read; null before it was read.
	 *
	 * @var string|null
	 */
	private $body_hash = null;

	/**
	 * Reads the current request. Must be called before wp_magic_quotes(), see the plugin's main file.
	 *
	 * @return self
	 */
	public static function from_server() {
		$request            = new self();
		$request->method    = strtoupper( self::raw( 'REQUEST_METHOD' ) );
		$request->target    = self::raw( 'REQUEST_URI' );
		$request->query     = self::raw( 'QUERY_STRING' );
		$request->names     = Sitebridge_Signed_Parts::names( self::raw( 'HTTP_X_SITEBRIDGE_PARAMS' ) );
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
	 * Whether the signature covers the meaning of the request, and not its target as it was sent.
	 *
	 * @return bool
	 */
	public function is_v2() {
		return 0 === strpos( $this->signature, 'v2=' );
	}

	/**
	 * Whether the request is signed with this key. Compares the signatures in constant time.
	 *
	 * @param string $key The site key.
	 * @return bool Always false for an empty key.
	 */
	public function is_signed_with( $key ) {
		if ( '' === $key || '' === $this->nonce || '' === $this->timestamp || '' === $this->body_hash() ) {
			return false;
		}
		$parts = array( $this->method, $this->target, $this->timestamp, $this->nonce, $this->body_hash() );
		if ( $this->is_v2() ) {
			$route = $this->address()->route();
			if ( null === $route ) {
				return false;
			}
			array_splice( $parts, 1, 1, array( $route, $this->params() ) );
		}

		return hash_equals( ( $this->is_v2() ? 'v2=' : 'v1=' ) . hash_hmac( 'sha256', implode( "\n", $parts ), $key ), $this->signature );
	}

	/**
	 * The named parameters in the form in which they are signed.
	 *
	 * @return string
	 */
	public function params() {
		return Sitebridge_Signed_Parts::parameters( $this->query, $this->names );
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
	 * The route that the request asks for.
	 *
	 * @return Sitebridge_Request_Route
	 */
	public function address() {
		return new Sitebridge_Request_Route( $this->target, $this->query );
	}

	/**
	 * Whether the request's address belongs to the REST API. REST_REQUEST is not defined yet when WordPress
	 * first determines the user.
	 *
	 * @return bool
	 */
	public function is_rest() {
		return null !== $this->address()->asked();
	}

	/**
	 * The SHA-256 of the body.
	 *
	 * @return string 64 hex digits; '' when PHP has parsed the body and does not give its bytes.
	 */
	public function body_hash() {
		if ( null === $this->body_hash ) {
			$body            = (string) file_get_contents( 'php://input' );
			$is_form         = 0 === stripos( ltrim( self::raw( 'CONTENT_TYPE' ) ), 'multipart/form-data' );
			$this->body_hash = '' === $body && $is_form ? '' : hash( 'sha256', $body );
		}

		return $this->body_hash;
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
