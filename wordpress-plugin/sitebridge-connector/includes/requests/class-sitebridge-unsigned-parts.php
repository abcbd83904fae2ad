<?php
/**
 * The parts of a request that its signature does not cover.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Takes away what a proxy, or someone on the way, has added to a signed request, before WordPress reads it:
 * every parameter that the signature does not cover, and every override of the method.
 */
final class Sitebridge_Unsigned_Parts {

	/**
	 * The current request as it was sent.
	 *
	 * @var Sitebridge_Signed_Request
	 */
	private $request;

	/**
	 * Whether the parts were taken away.
	 *
	 * @var bool
	 */
	private $is_done = false;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Signed_Request $request The current request as it was sent.
	 */
	public function __construct( Sitebridge_Signed_Request $request ) {
		$this->request = $request;
	}

	/**
	 * Takes the parts away now, since WordPress reads some parameters while it loads. A theme may choose
	 * another address for the REST API, so a request that does not look like one is checked again later.
	 */
	public function register() {
		$this->take_away();
		add_action( 'after_setup_theme', array( $this, 'take_away' ), PHP_INT_MAX );
	}

	/**
	 * Takes the parts away from a signed request to the REST API. Other pages are left alone: a cache could
	 * keep them without their parameters.
	 */
	public function take_away() {
		if ( $this->is_done || ! $this->request->is_signed() || ! $this->request->is_rest() ) {
			return;
		}
		$this->is_done = true;
		unset( $_SERVER['HTTP_X_HTTP_METHOD_OVERRIDE'], $_SERVER['HTTP_X_HTTP_METHOD'], $_SERVER['HTTP_X_METHOD_OVERRIDE'] );
		// A signature of the first version covers the whole query.
		if ( $this->request->is_v2() ) {
			$this->keep( $this->signed_parameters() );
		}
	}

	/**
	 * The parameters that WordPress may read.
	 *
	 * @return array As in $_GET, without slashes.
	 */
	private function signed_parameters() {
		parse_str( $this->request->params(), $signed );
		// PHP turns some characters in names into `_`, so that other names become these.
		unset( $signed['_method'], $signed[ Sitebridge_Signed_Parts::ROUTE_PARAMETER ] );
		// In plain permalinks WordPress finds the route here. The signature covers the route.
		if ( Sitebridge_Signed_Parts::route_in( $this->request->query ) === $this->request->address()->route() ) {
			$signed[ Sitebridge_Signed_Parts::ROUTE_PARAMETER ] = Sitebridge_Signed_Parts::route_value( $this->request->query );
		}

		return $signed;
	}

	/**
	 * Keeps only these parameters in the address.
	 *
	 * @param array $parameters As in $_GET, without slashes.
	 */
	private function keep( array $parameters ) {
		$query  = http_build_query( $parameters, '', '&', PHP_QUERY_RFC3986 );
		$target = explode( '?', $this->request->target, 2 )[0] . ( '' === $query ? '' : '?' . $query );
		if ( did_action( 'sanitize_comment_cookies' ) ) {
			// WordPress has added slashes (wp_magic_quotes).
			$parameters = wp_slash( $parameters );
			$query      = wp_slash( $query );
			$target     = wp_slash( $target );
		}
		$_GET                    = $parameters;
		$_REQUEST                = array_merge( $_GET, $_POST ); // phpcs:ignore WordPress.Security.NonceVerification.Missing -- as in wp_magic_quotes().
		$_SERVER['QUERY_STRING'] = $query;
		$_SERVER['REQUEST_URI']  = $target;
	}
}
