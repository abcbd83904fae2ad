<?php
/**
 * The arguments of the content routes.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The argument schema of each route. WordPress refuses invalid arguments before it calls the route.
 */
final class Sitebridge_Item_Args {

	/**
	 * Maximum number of contents in one page, and of ids in one list.
	 */
	const MOST_ITEMS = 500;

	/**
	 * Maximum number of ids in one range, and of ranges whose ids one request can ask for.
	 */
	const MOST_IN_RANGE = 10000;
	const MOST_RANGES   = 20;

	/**
	 * The arguments of `items`.
	 *
	 * @return array
	 */
	public static function items() {
		return array(
			'type'     => self::type(),
			'after_id' => self::number( 0 ) + array( 'default' => 0 ),
			'limit'    => self::number( 1, self::MOST_ITEMS ) + array( 'default' => 100 ),
			'newest'   => self::number( 1 ),
			'include'  => array(
				'type'     => 'array',
				'items'    => self::number( 1 ),
				'maxItems' => self::MOST_ITEMS,
			),
		);
	}

	/**
	 * The arguments of `inventory`.
	 *
	 * @return array
	 */
	public static function inventory() {
		return array(
			'type' => self::type(),
			'size' => self::number( 1, self::MOST_IN_RANGE ) + array( 'default' => 1000 ),
			'in'   => array(
				'type'     => 'array',
				'items'    => self::number( 0 ),
				'maxItems' => self::MOST_RANGES,
			),
		);
	}

	/**
	 * The body arguments of a write that identifies the content by its key.
	 *
	 * @return array
	 */
	public static function write() {
		$args             = self::put();
		$args['op_id']    = array(
			'type'              => 'string',
			'required'          => true,
			'validate_callback' => static function ( $value ) {
				return Sitebridge_Server::is_uuid( $value ) ? true : new WP_Error( 'rest_invalid_param', __( 'op_id must be a UUID.', 'sitebridge-connector' ), array( 'status' => 400 ) );
			},
		);
		// The write has waited for a person who edits the post, and waits no longer.
		$args['despite_editor'] = array( 'type' => 'boolean' );
		$args['legacy_id'] = array( 'type' => array( 'integer', 'null' ) ) + self::number( 1 );

		return $args;
	}

	/**
	 * The body arguments of a write that identifies the content by its number.
	 *
	 * @return array
	 */
	public static function put() {
		$text = array( 'type' => 'string' );

		return array(
			'type'           => self::type(),
			'op_id'          => array(
				'type'     => 'string',
				'pattern'  => '^[\x21-\x7e]{1,200}$',
				'required' => true,
			),
			'id'             => array( 'type' => array( 'integer', 'null' ) ) + self::number( 1 ),
			'expected_hash'  => array(
				'type'    => array( 'string', 'null' ),
				'pattern' => '^[0-9a-f]{16}$',
			),
			'title'          => $text,
			'slug'           => $text,
			'content'        => $text,
			'excerpt'        => $text,
			'status'         => array(
				'type' => 'string',
				'enum' => array_values( get_post_stati( array( 'internal' => false ) ) ),
			),
			'terms'          => array(
				'type'  => 'array',
				'items' => array(
					'type'       => 'object',
					'properties' => array(
						'taxonomy' => $text + array( 'required' => true ),
						'slug'     => $text + array( 'required' => true ),
						'name'     => $text + array( 'required' => true ),
					),
				),
			),
			'meta'           => array( 'type' => 'object' ),
			'author'         => self::number( 1 ),
			'date_gmt'       => array(
				'type'   => 'string',
				'format' => 'date-time',
			),
			'parent'         => self::number( 0 ),
			'featured_media' => self::number( 0 ),
		);
	}

	/**
	 * The argument for the content type.
	 *
	 * @return array
	 */
	private static function type() {
		return array(
			'type'     => 'string',
			'required' => true,
		);
	}

	/**
	 * An integer argument.
	 *
	 * @param int      $minimum The minimum.
	 * @param int|null $maximum The maximum, or null.
	 * @return array
	 */
	private static function number( $minimum, $maximum = null ) {
		return array(
			'type'    => 'integer',
			'minimum' => $minimum,
		) + ( null === $maximum ? array() : compact( 'maximum' ) );
	}
}
