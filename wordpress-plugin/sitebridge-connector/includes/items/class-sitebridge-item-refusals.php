<?php
/**
 * Decides whether a write is refused.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A write must not overwrite a post that belongs to another content, or a post that differs from what the
 * server expects.
 */
final class Sitebridge_Item_Refusals {

	/**
	 * Reads posts.
	 *
	 * @var Sitebridge_Item_Reader
	 */
	private $reader;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Item_Reader $reader Reads posts.
	 */
	public function __construct( Sitebridge_Item_Reader $reader ) {
		$this->reader = $reader;
	}

	/**
	 * The reason to refuse an update, or null.
	 *
	 * @param Sitebridge_Link $link  The content's link.
	 * @param WP_Post|null    $own   The post that the content is linked to.
	 * @param WP_Post|null    $post  The post that the server names.
	 * @param string|null     $hash  The hash of that post.
	 * @param array           $input See Sitebridge_Item_Writer::write().
	 * @return WP_Error|null
	 */
	public function of_update( Sitebridge_Link $link, $own, $post, $hash, array $input ) {
		$owner = null === $post ? '' : $link->other_owner( $post );
		if ( '' !== $owner || ( null !== $own && $own->ID !== (int) $input['id'] ) ) {
			return $link->mismatch( (int) $input['id'], $owner, null === $own ? 0 : $own->ID, null === $post ? null : $this->reader->one( $post ) );
		}
		$expected = isset( $input['expected_hash'] ) ? $input['expected_hash'] : null;
		$unseen   = null === $expected && $link instanceof Sitebridge_Number_Link && null !== $post && '' !== Sitebridge_Item_Link::key( $post );
		// Older servers send no expected hash for a post whose state they do not know. A post with a key
		// belongs to a newer server.
		if ( null === $post || $unseen || ( null !== $expected && ( $expected !== $hash || 'trash' === $post->post_status ) ) ) {
			return $this->conflict( 'sitebridge_conflict', $post );
		}

		return null;
	}

	/**
	 * The reason to refuse a create, or null. A create is refused if the post exists, because it must not
	 * overwrite a post.
	 *
	 * @param Sitebridge_Link $link  The content's link.
	 * @param WP_Post|null    $post  The post that the content is linked to.
	 * @param array           $input See Sitebridge_Item_Writer::write().
	 * @return WP_Error|null
	 */
	public function of_create( Sitebridge_Link $link, $post, array $input ) {
		if ( null !== $post ) {
			return $this->conflict( $link instanceof Sitebridge_Item_Link ? 'sitebridge_already_there' : 'sitebridge_conflict', $post );
		}
		if ( isset( $input['expected_hash'] ) ) {
			return $this->conflict( 'sitebridge_conflict', null );
		}
		$number = isset( $input['legacy_id'] ) ? ( new Sitebridge_Number_Link( $input['legacy_id'] ) )->find() : null;
		$older  = null === $number ? null : Sitebridge_Item_Writer::post( $number['post_id'], $input['type'] );

		return null === $older || '' !== Sitebridge_Item_Link::key( $older ) ? null : $this->conflict( 'sitebridge_already_there', $older );
	}

	/**
	 * The error of a write that found another state than the server expects. Nothing was written.
	 *
	 * @param string       $code The error code.
	 * @param WP_Post|null $post The post on this site.
	 * @return WP_Error
	 */
	private function conflict( $code, $post ) {
		return new WP_Error(
			$code,
			__( 'The content is not any more what the server expects.', 'sitebridge-connector' ),
			array(
				'status' => 409,
				'item'   => null === $post ? null : $this->reader->one( $post ),
			)
		);
	}
}
