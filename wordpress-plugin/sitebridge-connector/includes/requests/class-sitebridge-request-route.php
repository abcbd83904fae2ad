<?php
/**
 * The route of a request.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Finds the route of a request in its address, before WordPress has chosen one, and compares it with the route
 * that WordPress chooses.
 */
final class Sitebridge_Request_Route {

	/**
	 * The request target as sent: path and query, undecoded.
	 *
	 * @var string
	 */
	private $target;

	/**
	 * The query as PHP received it, undecoded.
	 *
	 * @var string
	 */
	private $query;

	/**
	 * Stores the address.
	 *
	 * @param string $target The request target as sent: path and query, undecoded.
	 * @param string $query  The query as PHP received it, undecoded.
	 */
	public function __construct( $target, $query ) {
		$this->target = $target;
		$this->query  = $query;
	}

	/**
	 * The route as it is signed: the path below the root of the REST API.
	 *
	 * @return string|null Null when no route is known yet.
	 */
	public function route() {
		$asked = $this->asked();

		return null === $asked ? self::answered() : $asked;
	}

	/**
	 * The route that WordPress answers, otherwise the route in the address.
	 *
	 * @return string '' when there is none.
	 */
	public function seen() {
		$answered = self::answered();

		return null === $answered ? (string) $this->asked() : $answered;
	}

	/**
	 * The route in the address. The address may lack the folder of the home, which a proxy may strip.
	 *
	 * @return string|null Null when the address does not belong to the REST API.
	 */
	public function asked() {
		$path = (string) wp_parse_url( 'http://host/' . ltrim( $this->target, '/' ), PHP_URL_PATH );
		// A web server resolves such a path before it chooses a file, which may then be any page of WordPress.
		if ( in_array( '..', preg_split( '#[/\\\\]#', rawurldecode( $path ) ), true ) ) {
			return null;
		}
		$home = rtrim( (string) wp_parse_url( home_url(), PHP_URL_PATH ), '/' );
		if ( '' !== $home && 0 === strpos( $path . '/', $home . '/' ) ) {
			$path = '/' . ltrim( substr( $path, strlen( $home ) ), '/' );
		}
		$path = preg_replace( '#^/index\.php(/|$)#', '/', $path );
		if ( '/' === $path ) {
			return Sitebridge_Signed_Parts::route_in( $this->query );
		}
		$prefix = '/' . trim( rest_get_url_prefix(), '/' );

		return 0 === strpos( $path . '/', $prefix . '/' ) ? Sitebridge_Signed_Parts::route( substr( $path, strlen( $prefix ) ) ) : null;
	}

	/**
	 * Whether WordPress answers another route than the one in the address. It has more rules for addresses than
	 * this class, and a form in the body can name a route too.
	 *
	 * @return bool
	 */
	public function is_led_elsewhere() {
		$answered = self::answered();

		return null !== $answered && $answered !== $this->route();
	}

	/**
	 * The route that WordPress answers.
	 *
	 * @return string|null Null before WordPress has chosen it.
	 */
	private static function answered() {
		$route = isset( $GLOBALS['wp']->query_vars['rest_route'] ) ? $GLOBALS['wp']->query_vars['rest_route'] : '';

		return is_string( $route ) && '' !== $route ? Sitebridge_Signed_Parts::route( $route ) : null;
	}
}
